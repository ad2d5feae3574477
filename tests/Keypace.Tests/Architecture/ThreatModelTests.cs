using System.Text.RegularExpressions;

namespace Keypace.Tests.Architecture;

/// <summary>docs/threat-model.md names tests that there are, and every test of a threat.</summary>
public sealed partial class ThreatModelTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void Every_test_that_it_names_is_there_and_every_test_of_a_threat_is_named()
    {
        var text = File.ReadAllText(Path.Combine(Root, "docs", "threat-model.md"));
        var named = TestNames().Matches(text).Select(match => match.Value).ToHashSet();
        var files = Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).ToLookup(file => Path.GetFileNameWithoutExtension(file));
        Assert.True(named.Count > 20);
        Assert.DoesNotContain(named, name => !files.Contains(name));
        Assert.DoesNotContain(files, file => ThreatTest().IsMatch(file.Key) && !named.Contains(file.Key));
        // A row is told by its number, and its tests bear it.
        foreach (var row in text.Split('\n').Where(line => line.StartsWith("| T", StringComparison.Ordinal)))
        {
            var number = int.Parse(row.AsSpan(3, 2).TrimEnd(), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(TestNames().Matches(row).Any(match => match.Value.StartsWith($"T{number:00}", StringComparison.Ordinal)), $"T{number} names no test of its own.");
        }
    }

    [Fact]
    public void What_SECURITY_md_leads_to_is_there()
    {
        foreach (Match link in Links().Matches(File.ReadAllText(Path.Combine(Root, "SECURITY.md"))))
            Assert.True(File.Exists(Path.Combine(Root, link.Groups[1].Value)), link.Value);
        Assert.Contains(Keypace.Domain.Access.AccessTokenText.ScannerPattern, File.ReadAllText(Path.Combine(Root, "SECURITY.md")), StringComparison.Ordinal);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Keypace.slnx")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    [GeneratedRegex(@"\b[A-Z]\w+Tests\b")]
    private static partial Regex TestNames();

    [GeneratedRegex(@"^T\d\d[A-Z]\w+Tests$")]
    private static partial Regex ThreatTest();

    [GeneratedRegex(@"\]\((?!http)([^)#]+)")]
    private static partial Regex Links();
}
