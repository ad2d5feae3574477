using System.Text;
using Keypace.Cli;
using Keypace.Tests.Client;
using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Cli;

/// <summary>One run of the command line in this process, against a real server, with everything that it printed.</summary>
internal sealed record Typed(int Exit, string Out, string Error)
{
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Runs without a terminal, as a script does; <paramref name="input"/> is its standard input.</summary>
    public static Task<Typed> ByPipeAsync(AnswerServer? server, string input, params string[] args) =>
        RunAsync(server, args, input, [], null);

    public static Task<Typed> ByScriptAsync(AnswerServer? server, params string[] args) => RunAsync(server, args, "", [], null);

    /// <summary>Runs on a terminal where a person gives <paramref name="answers"/> to the questions, in their order.</summary>
    public static Task<Typed> ByPersonAsync(AnswerServer? server, string[] answers, params string[] args) =>
        RunAsync(server, args, "", answers, null);

    public static async Task<Typed> RunAsync(
        AnswerServer? server, string[] args, string input, string[] answers, IReadOnlyDictionary<string, string>? environment, int? width = null)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var waiting = new Queue<string>(answers);
        var isPerson = answers.Length > 0;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["HOME"] = "/nonexistent" };
        if (server is not null)
        {
            variables["KEYPACE_BASE_URL"] = server.Address + "v1";
            variables["KEYPACE_TOKEN"] = Wires.Token;
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            variables[name] = value;

        var clock = new FakeTimeProvider(Now);
        clock.SetLocalTimeZone(TimeZoneInfo.Utc);
        var terminal = new Terminal
        {
            Out = output,
            Error = error,
            OpenIn = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
            CanAsk = isPerson,
            InIsTerminal = isPerson,
            OutIsTerminal = isPerson || width is not null,
            Width = width ?? 200,
            Environment = name => variables.GetValueOrDefault(name),
            Clock = clock,
            Ask = AnswerAsync,
            AskHidden = AnswerAsync,
        };
        var exit = await CommandLine.RunAsync(args, terminal);
        Assert.Empty(waiting);
        return new Typed(exit, output.ToString(), error.ToString());

        Task<string> AnswerAsync(string question, CancellationToken ct)
        {
            error.WriteLine(question);
            return Task.FromResult(waiting.Dequeue());
        }
    }
}
