using System.Text.RegularExpressions;

namespace Keypace.Tests.Server.Features;

/// <summary>Every code that a query or a management call can be refused with has a page.</summary>
public sealed partial class ProblemPagesTests
{
    /// <summary>They end a command or a start; nobody gets more of them than their sentence, which says what to do.</summary>
    private static readonly string[] s_ofStarts =
    [
        "bad_hub_file", "bad_setting", "bad_setup_token", "data_key_damaged", "file_exists", "file_not_written", "folder_in_use", "folder_unusable", "kek_exists",
        "kek_malformed", "kek_missing", "kek_not_written", "kek_unreadable", "kek_unsafe_file", "kek_wrong", "no_owner", "password_missing", "store_damaged",
        "store_missing", "store_newer", "store_unreadable",
    ];

    [Fact]
    public void Every_refusal_code_has_a_page_that_says_what_to_do()
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Keypace.slnx")))
            root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("The checkout's root was not found.");
        var codes = Directory.EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Code().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .Except(s_ofStarts)
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
