namespace Keypace.Server.Web.Pages;

/// <summary>The pages of docs/problems, which travel inside the program: every refusal names its own.</summary>
internal static class ProblemPages
{
    private const string Prefix = "problems/";

    public static IReadOnlyList<string> All { get; } =
        [.. typeof(ProblemPages).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>Null for a code that no refusal has.</summary>
    public static IReadOnlyList<ProblemBlock>? Of(string code)
    {
        if (!All.Contains(code))
            return null;
        using var stream = typeof(ProblemPages).Assembly.GetManifestResourceStream(Prefix + code)!;
        using var reader = new StreamReader(stream);
        return
        [
            .. reader.ReadToEnd().Split("\n\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Where(block => !block.StartsWith("# ", StringComparison.Ordinal))
                .Select(block => new ProblemBlock(block.StartsWith("## ", StringComparison.Ordinal), block.TrimStart('#', ' ').Replace('\n', ' ').Replace("`", "", StringComparison.Ordinal))),
        ];
    }
}

internal sealed record ProblemBlock(bool IsHeading, string Text);
