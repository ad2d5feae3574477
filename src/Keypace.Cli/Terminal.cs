using Keypace.Cli.Output;
using Keypace.Domain.Keys;
using Spectre.Console;

namespace Keypace.Cli;

/// <summary>What a command sees of the process around it. Tests give their own.</summary>
internal sealed record Terminal
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required Func<Stream> OpenIn { get; init; }

    /// <summary>True when a person sits at both ends of a question: standard input and standard error are a terminal.</summary>
    public required bool CanAsk { get; init; }

    /// <summary>True when standard input is a terminal, so that reading it to its end would wait for a person.</summary>
    public required bool InIsTerminal { get; init; }

    public required bool OutIsTerminal { get; init; }

    /// <summary>True when what is said beside the result is seen as it is said, so that a line may be overwritten.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal; without meaning when <see cref="OutIsTerminal"/> is false.</summary>
    public int Width { get; init; } = 80;

    public required Func<string, string?> Environment { get; init; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Asks for a line that may be seen.</summary>
    public required Func<string, CancellationToken, Task<string>> Ask { get; init; }

    /// <summary>Asks for a secret without showing it.</summary>
    public required Func<string, CancellationToken, Task<string>> AskHidden { get; init; }

    /// <summary>Colour is for people, and for those who did not say no (https://no-color.org).</summary>
    public bool Colour => OutIsTerminal && string.IsNullOrEmpty(Environment("NO_COLOR")) && Environment("TERM") is not "dumb";

    /// <summary>The same, whose standard error says none of these words back that may be a secret.</summary>
    public Terminal Repeating(TypedWords typed) => typed.AreHarmless ? this : this with { Error = new DiscreetWriter(Error, typed) };

    public static Terminal OfThisProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenIn = Console.OpenStandardInput,
        CanAsk = !Console.IsInputRedirected && !Console.IsErrorRedirected,
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Width = Console.IsOutputRedirected ? 80 : Columns(Console.WindowWidth),
        Environment = System.Environment.GetEnvironmentVariable,
        Ask = (question, ct) => Prompt(question).AllowEmpty().ShowAsync(OnError(), ct),
        AskHidden = (question, ct) => Prompt(question).AllowEmpty().Secret(null).ShowAsync(OnError(), ct),
    };

    /// <summary>Some terminals say 0 for "I do not know".</summary>
    private static int Columns(int told) => told <= 0 ? 80 : Math.Max(40, told);

    private static TextPrompt<string> Prompt(string question) => new(Markup.Escape(PlainText.Of(question)));

    // Questions go to standard error: what a command prints on standard output stays clean for a pipe.
    private static IAnsiConsole OnError() => AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
}
