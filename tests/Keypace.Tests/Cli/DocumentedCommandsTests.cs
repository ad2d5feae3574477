using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Keypace.Cli;

namespace Keypace.Tests.Cli;

public sealed class DocumentedCommandsTests
{
    private static readonly Command s_tree = CommandLine.Build(Terminal.OfThisProcess());

    [Fact]
    public void Every_example_of_the_page_can_be_typed()
    {
        var lines = File.ReadLines(Page()).Where(line => line.StartsWith("keypace ", StringComparison.Ordinal)).ToArray();
        Assert.True(lines.Length > 30);
        Assert.All(lines, line => Parses(OfKeypace(line)));
    }

    [Fact]
    public void Every_example_of_the_help_can_be_typed() =>
        Assert.All(Walk(s_tree).OfType<Verb>().SelectMany(verb => verb.Examples), example => Parses(OfKeypace(example)));

    [Fact]
    public void Every_command_is_on_the_page()
    {
        var page = File.ReadAllText(Page());
        foreach (var noun in s_tree.Subcommands)
            Assert.All(noun.Subcommands.Select(verb => $"keypace {noun.Name} {verb.Name}").DefaultIfEmpty($"keypace {noun.Name}"), typed => Assert.Contains(typed, page, StringComparison.Ordinal));
    }

    /// <summary>The part of a shell's line that this program reads: behind a pipe or a bracket, before the next one or a redirection.</summary>
    private static string OfKeypace(string example)
    {
        var own = Regex.Match(example, @"(?:^|[|(] ?)(keypace [^|<>)]*)").Groups[1].Value;
        Assert.NotEmpty(own);
        return own;
    }

    private static void Parses(string line)
    {
        var parsed = s_tree.Parse([.. CommandLineParser.SplitCommandLine(line).Skip(1)]);
        Assert.True(parsed.Errors.Count == 0, $"{line}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}");
    }

    private static IEnumerable<Command> Walk(Command command) => command.Subcommands.SelectMany(Walk).Prepend(command);

    private static string Page()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Keypace.slnx")))
            folder = folder.Parent;

        return Path.Combine(Assert.IsType<DirectoryInfo>(folder).FullName, "docs", "use", "cli.md");
    }
}
