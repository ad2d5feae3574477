using System.CommandLine;
using Keypace.Cli.Output;
using Keypace.Client;

namespace Keypace.Cli;

/// <summary>A command with examples in its help.</summary>
internal sealed class Verb(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>What a command of a noun works with.</summary>
internal sealed record Session(KeypaceClient Keypace, Screen Screen, Terminal Terminal, SecretInput Secrets);

/// <summary>What a command works with that decides about the connection itself: login, status, env.</summary>
internal sealed record Unconnected(string? BaseUrl, string? TokenFile, Screen Screen, Terminal Terminal, SecretInput Secrets)
{
    public Task<Connection> FindAsync(CancellationToken ct) => Connection.FindAsync(BaseUrl, TokenFile, Terminal, ct);
}

/// <summary>Builds commands that talk to a server. One a command line: the options of the connection are the same object everywhere.</summary>
internal sealed class Grammar(Terminal terminal)
{
    private readonly Option<string?> _baseUrl = new("--base-url")
    {
        Description = "The server [default: $KEYPACE_BASE_URL, the profile, http://127.0.0.1:5397]",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = "File of the access token [default: $KEYPACE_TOKEN, $KEYPACE_TOKEN_FILE, the profile]",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print the server's JSON instead of a table", Recursive = true };

    /// <summary>Groups the verbs of one noun.</summary>
    public Command Noun(string name, string description, params IEnumerable<Command> verbs)
    {
        var noun = new Command(name, description);
        foreach (var verb in verbs)
            noun.Add(verb);

        return Connected(noun);
    }

    /// <summary>A noun that is a command itself.</summary>
    public Command Connected(Command command)
    {
        command.Add(_baseUrl);
        command.Add(_tokenFile);
        command.Add(_json);
        return command;
    }

    /// <summary>Gives a command its arguments, options and what it does; returns it.</summary>
    public Verb Does(Verb verb, IEnumerable<Symbol> symbols, Func<Session, ParseResult, CancellationToken, Task<int>> act) =>
        Decides(verb, symbols, async (alone, parsed, ct) =>
        {
            using var keypace = await (await alone.FindAsync(ct)).OpenAsync(terminal);
            return await act(new Session(keypace, alone.Screen, terminal, alone.Secrets), parsed, ct);
        });

    /// <summary>The same for a command that opens its connection itself, or needs none.</summary>
    public Verb Decides(Verb verb, IEnumerable<Symbol> symbols, Func<Unconnected, ParseResult, CancellationToken, Task<int>> act)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Argument argument:
                    verb.Add(argument);
                    break;
                case Option option:
                    verb.Add(option);
                    break;
                default:
                    throw new ArgumentException($"'{symbol.Name}' is neither an argument nor an option.", nameof(symbols));
            }
        }

        verb.SetAction((parsed, ct) => act(
            new Unconnected(parsed.GetValue(_baseUrl), parsed.GetValue(_tokenFile), new Screen(terminal, parsed.GetValue(_json)), terminal, new SecretInput(terminal)), parsed, ct));
        return verb;
    }

    public static Argument<string> Name(string what) => new ExistingName { Description = $"Name or id of the {what}", HelpName = "NAME" };

    public static Option<string?> Text(string name, string description, string shape) => new(name) { Description = description, HelpName = shape };

    public static Option<int?> Number(string name, string description, string shape) => new(name) { Description = description, HelpName = shape };

    public static Option<string[]> Several(string name, string description, string shape) => new(name)
    {
        Description = description,
        HelpName = shape,
        DefaultValueFactory = _ => [],
    };
}

/// <summary>The name of something that the server knows, so that a shell can complete it.</summary>
internal sealed class ExistingName() : Argument<string>("name");

/// <summary>Words that an option is limited to.</summary>
internal static class OptionWords
{
    public static Option<T> FromAmong<T>(this Option<T> option, params string[] words)
    {
        option.AcceptOnlyFromAmong(words);
        return option;
    }
}
