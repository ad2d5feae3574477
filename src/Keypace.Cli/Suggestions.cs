using System.CommandLine;
using System.CommandLine.Parsing;
using Keypace.Cli.Output;
using Keypace.Client;

namespace Keypace.Cli;

/// <summary>
/// What could come next on a command line: commands, options and their words from the grammar, names from the server. The scripts of
/// <c>keypace completion</c> ask for it at each press of Tab, so it is quick, asks nothing, and on any trouble says nothing.
/// </summary>
internal static class Suggestions
{
    /// <summary>Before the line as typed up to the cursor.</summary>
    public const string Directive = "[suggest]";

    /// <summary>A person waits at a key; a server that is slower than this gets no say.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(1.5);

    public static async Task<int> PrintAsync(RootCommand root, string typed, Terminal terminal)
    {
        var words = CommandLineParser.SplitCommandLine(typed).Skip(1).ToList();   // without the program's own name
        var last = typed.Length > 0 && char.IsWhiteSpace(typed[^1]) ? "" : words.LastOrDefault() ?? "";
        if (last.Length > 0)
            words.RemoveAt(words.Count - 1);

        // Read without the word at the cursor, so that half a word is not taken for a name.
        var parsed = root.Parse(words);
        var offered = Source(parsed, words, last) is { } source
            ? await NamesAsync(source, parsed, terminal)
            : parsed.GetCompletions().Select(completion => completion.Label).Where(label => last.Length > 0 || !label.StartsWith('-'));
        foreach (var name in offered.Where(name => name.StartsWith(last, StringComparison.OrdinalIgnoreCase) && !name.StartsWith('/')).Distinct().Order(StringComparer.Ordinal))
            terminal.Out.WriteLine(PlainText.Of(name.ReplaceLineEndings(" ")));

        return Exit.Done;
    }

    /// <summary>Whose names belong at the cursor; null when the grammar itself knows the words.</summary>
    private static Names? Source(ParseResult parsed, List<string> words, string last)
    {
        var before = words.Count == 0 ? "" : words[^1];
        var command = parsed.CommandResult.Command;
        if (before.StartsWith("--", StringComparison.Ordinal) && command.Options.Any(option => option.Name == before && option.ValueType != typeof(bool)))
        {
            return before switch
            {
                "--agent" => Names.Agents,
                "--key" => Names.ApiKeys,
                "--hub" => Names.Hubs,
                _ => null,
            };
        }

        if (last.StartsWith('-') || command.Arguments.OfType<ExistingName>().FirstOrDefault() is not { } argument
            || parsed.GetResult(argument) is { Tokens.Count: > 0 })
        {
            return null;
        }

        return parsed.CommandResult.Parent is CommandResult noun
            ? noun.Command.Name switch
            {
                "api-keys" => Names.ApiKeys,
                "agents" => Names.Agents,
                "hubs" => Names.Hubs,
                _ => null,
            }
            : null;
    }

    private static async Task<IEnumerable<string>> NamesAsync(Names source, ParseResult parsed, Terminal terminal)
    {
        try
        {
            using var patience = new CancellationTokenSource(s_longest);
            var connection = await Connection.FindAsync(Given(parsed, "--base-url"), Given(parsed, "--token-file"), terminal, patience.Token);
            using var keypace = await connection.OpenAsync(terminal);
            return source switch
            {
                Names.ApiKeys => (await keypace.ApiKeys.ListAsync(null, patience.Token)).Select(key => key.Name),
                Names.Agents => (await keypace.Agents.ListAsync(null, patience.Token)).Select(agent => agent.AgentName),
                _ => (await keypace.Hubs.ListAsync(patience.Token)).Select(hub => hub.Name),
            };
        }
        catch (Exception trouble) when (trouble is KeypaceException or CommandFailure or OperationCanceledException)
        {
            return [];   // nobody asked for an error message between two letters
        }
    }

    private static string? Given(ParseResult parsed, string option)
    {
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is CommandResult level && level.Command.Options.FirstOrDefault(one => one.Name == option) is Option<string?> found)
                return parsed.GetValue(found);
        }

        return null;
    }

    private enum Names
    {
        ApiKeys,
        Agents,
        Hubs,
    }
}
