using System.Text.RegularExpressions;

namespace Keypace.Tests.Architecture;

/// <summary>
/// Braces one way: around what takes more than one line, and not around one statement that takes one. That they are where they must be is IDE0011's
/// (.editorconfig), in every build; the other half no analyzer knows.
/// </summary>
public sealed partial class BraceTests
{
    [GeneratedRegex(@"^\s*(if|for|foreach|while|lock) \(.*\)$")]
    private static partial Regex Head { get; }

    [GeneratedRegex(@"^\s*((return|throw|break|continue|yield|await)\b.*|[\w.\[\]!?]+(\(.*|\s(=|\+=|-=|\|=|&=|\?\?=)\s.*|\+\+|--));$")]
    private static partial Regex OneStatement { get; }

    [Fact]
    public void No_braces_stand_around_one_line()
    {
        var root = RoomTests.FindRoot();
        var found = new[] { "src", "tests", "demo", "bench" }
            .SelectMany(part => Directory.EnumerateFiles(Path.Combine(root, part), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/Migrations/", StringComparison.Ordinal))
            .SelectMany(file => Superfluous(File.ReadAllLines(file)).Select(line => $"{Path.GetRelativePath(root, file)}:{line}"));
        Assert.Empty(found);
    }

    [Fact]
    public void Canary_braces_around_one_line_are_seen()
    {
        Assert.Equal([1], Superfluous(["if (a)", "{", "    return;", "}", "", "b();"]));
        Assert.Empty(Superfluous(["if (a)", "{", "    var x = 1;", "}"]));
        Assert.Empty(Superfluous(["if (a)", "{", "    b();", "}", "else", "{", "    c();", "    d();", "}"]));
        Assert.Empty(Superfluous(["if (a)", "{", "    b(", "        c);", "}"]));
        Assert.Empty(Superfluous(["if (a)", "    return;"]));
    }

    /// <summary>Numbers of lines whose block could do without; those with an else are left to IDE0011, which wants all branches alike.</summary>
    private static IEnumerable<int> Superfluous(string[] lines)
    {
        for (var i = 0; i + 3 < lines.Length; i++)
        {
            var indent = lines[i].Length - lines[i].TrimStart().Length;
            if (Head.IsMatch(lines[i]) && lines[i + 1].Trim() == "{" && lines[i + 3].Trim() == "}" && lines[i + 3].Length == indent + 1
                && OneStatement.IsMatch(lines[i + 2]) && lines[i + 2].Length <= 200 && !lines[i + 2].Contains("//", StringComparison.Ordinal)
                && (i + 4 == lines.Length || !lines[i + 4].TrimStart().StartsWith("else", StringComparison.Ordinal)))
            {
                yield return i + 1;
            }
        }
    }
}
