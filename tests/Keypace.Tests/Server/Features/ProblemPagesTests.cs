using System.Text.RegularExpressions;

namespace Keypace.Tests.Server.Features;

/// <summary>Every code that a query or a management call can be refused with has a page.</summary>
public sealed partial class ProblemPagesTests
{
    [Fact]
    public void Every_refusal_code_has_a_page_that_says_what_to_do()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Keypace.slnx")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The checkout's root was not found.");
        var codes = new[] { "Gateway", "Features", "Web", "People/SignIn" }
            .SelectMany(room => Directory.EnumerateFiles(Path.Combine(root, "src", "Keypace.Server", room), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Except(["bad_setting"])   // ends a start, not a request
            .ToHashSet();

        Assert.True(codes.Count > 30, $"Only {codes.Count} codes were found: the search is broken.");
        Assert.All(codes, code =>
        {
            var page = Path.Combine(root, "docs", "problems", code + ".md");
            Assert.True(File.Exists(page), $"'{code}' has no page.");
            Assert.Contains("## What to do", File.ReadAllText(page), StringComparison.Ordinal);
        });
    }

    [GeneratedRegex("(?:RefusalReason\\.[A-Za-z]+,\\s*|code: )\"([a-z_]+)\"")]
    private static partial Regex Code();
}
