using System.CommandLine;
using System.Text.Json;
using Keypace.Cli.Output;
using Keypace.Contracts;
using Spectre.Console;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace watch KEY</c>: what a key's limit is doing, drawn again and again until Ctrl-C.</summary>
internal static class WatchCommand
{
    private const int LeastMs = 100;

    public static Verb Build(Grammar grammar)
    {
        var name = Grammar.Name("key");
        var every = Grammar.Number("--every-ms", "Milliseconds between two looks, 100 or more [default: 500]", "MS");
        var times = Grammar.Number("--times", "Ends after so many looks [default: goes on until Ctrl-C]", "N");
        var verb = new Verb(
            "watch",
            "Watch a key live: used, waiting, what binds, and who sent when; with --json one line of JSON a look",
            "keypace watch openai-main",
            "keypace watch openai-main --json --every-ms 1000 | jq .used_now");
        grammar.Does(verb, [name, every, times], async (session, parsed, ct) =>
        {
            var wait = TimeSpan.FromMilliseconds(parsed.GetValue(every) ?? 500);
            if (wait < TimeSpan.FromMilliseconds(LeastMs) || parsed.GetValue(times) is < 1)
                throw CommandFailure.Usage("--every-ms is 100 or more, --times is 1 or more.");

            var key = await Lookup.ApiKeyAsync(session, parsed.GetRequiredValue(name), ct);
            await WatchAsync(session, key.Id, wait, parsed.GetValue(times) ?? int.MaxValue, ct);
            return Exit.Done;
        });
        return verb;
    }

    private static async Task WatchAsync(Session session, string id, TimeSpan wait, int times, CancellationToken ct)
    {
        if (session.Screen.Json || !session.Terminal.OutIsTerminal)
        {
            for (var look = 0; look < times; look++)
            {
                var now = await session.Keypace.ApiKeys.StatusAsync(id, ct);
                await session.Terminal.Out.WriteLineAsync(session.Screen.Json ? JsonSerializer.Serialize(now, KeypaceJson.Readable.ApiKeyStatus) : OneLine(now));
                await session.Terminal.Out.FlushAsync(ct);
                await PauseAsync(session, wait, look, times, ct);
            }

            return;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(session.Terminal.Out),
            ColorSystem = session.Terminal.Colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        console.Profile.Width = session.Terminal.Width;
        await console.Live(new Text("…")).StartAsync(async live =>
        {
            for (var look = 0; look < times; look++)
            {
                live.UpdateTarget(StatusPicture.Of(await session.Keypace.ApiKeys.StatusAsync(id, ct), session.Terminal));
                await PauseAsync(session, wait, look, times, ct);
            }
        });
    }

    private static Task PauseAsync(Session session, TimeSpan wait, int look, int times, CancellationToken ct) =>
        look + 1 < times ? Task.Delay(wait, session.Terminal.Clock, ct) : Task.CompletedTask;

    private static string OneLine(ApiKeyStatus now) =>
        $"{now.Name}: used {Said.Count(now.UsedNow)} of {Said.Limit(now.EffectiveLimit, now.RateLimitInterval)}, waiting {Said.Count(now.Waiting)}, binding {now.Binding ?? "nothing"}";
}
