using System.CommandLine;
using System.CommandLine.Parsing;
using Keypace.Domain.Keys;

namespace Keypace.Cli;

/// <summary>
/// Explains a command line that cannot be read. Words that nobody expected are not repeated, unless they look like an option or nearly
/// like a command: somebody may have typed a secret there, and standard error is often kept.
/// </summary>
internal static class Misread
{
    private static readonly string[] s_secretFlags = ["--value", "--api-key", "--key-value", "--secret", "--password", "--token"];

    public static CommandFailure Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var unexpected = parsed.UnmatchedTokens;
        var flag = unexpected.Select(FlagOf).FirstOrDefault(name => name is not null);
        string sentence;
        if (flag is not null)
        {
            sentence = s_secretFlags.Contains(flag)
                ? $"There is no {flag}: what stands on a command line can be read by everybody on this machine and stays in the shell's history. "
                    + "Leave it out to be asked, name a file, or pipe it in. If you have just typed a real secret, replace it."
                : !TypedName.MayBeSaid(flag[2..]) ? "There is no such option." : $"There is no option {flag}.{NearestName.Hint(flag, Options(parsed).Select(option => option.Name))}";
        }
        else if (unexpected.Count > 0)
        {
            var hint = command.Subcommands.Count > 0 ? NearestName.Hint(unexpected[0], command.Subcommands.Select(verb => verb.Name)) : "";
            sentence = command.Subcommands.Count == 0
                ? "There are more words than this command takes."
                : hint.Length > 0 ? $"There is no command '{unexpected[0]}'.{hint}" : "There is no such command.";
        }
        else if (command.Subcommands.Count > 0 && command.Action is null)
        {
            sentence = $"Say what to do: {string.Join(", ", command.Subcommands.Select(verb => verb.Name))}.";
        }
        else
        {
            // The parser lists words one a line; a sentence is one line.
            sentence = string.Join(' ', parsed.Errors.Select(error => Sayable(error.Message, parsed).ReplaceLineEndings("").Replace("\t", " ", StringComparison.Ordinal)).Distinct());
        }

        return CommandFailure.Usage($"{sentence} See: {Path(parsed.CommandResult)} --help");
    }

    /// <summary>The parser quotes what it could not take.</summary>
    private static string Sayable(string message, ParseResult parsed) => parsed.Tokens
        .Where(token => token.Type is TokenType.Argument && token.Value.Length > 0 && !TypedName.MayBeSaid(token.Value))
        .Aggregate(message, (text, token) => text.Replace($"'{token.Value}'", "of these words", StringComparison.Ordinal));

    private static string? FlagOf(string word) =>
        word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2 ? word.Split('=', 2)[0] : null;

    private static IEnumerable<Option> Options(ParseResult parsed)
    {
        for (SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is CommandResult level)
            {
                foreach (var option in level.Command.Options)
                    yield return option;
            }
        }
    }

    private static string Path(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{Path(parent)} {command.Command.Name}" : "keypace";
}
