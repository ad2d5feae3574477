using System.CommandLine;
using System.Runtime.InteropServices;
using Keypace.Cli.Output;
using Keypace.Cli.Running;
using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Cli.Commands;

/// <summary><c>keypace run</c>: a file of prompts through an agent or a model, as fast as its key's limit allows, and no answer asked for twice.</summary>
internal static class RunCommand
{
    /// <summary>More than these at once bring nothing: they all wait in the server's queue.</summary>
    private const int MostAtOnce = 512, UsualAtOnce = 64, LeastAtOnce = 8;

    private const int MostConcurrency = 10_000, MostRetries = 20;

    public static Command Build(Grammar grammar)
    {
        var input = new Argument<string>("file") { Description = "JSON lines: strings, objects with \"prompt\" or \"messages\", or OpenAI batch lines; or a CSV with a column prompt", HelpName = "FILE" };
        var output = new Option<string?>("--out") { Description = "File of the answers [default: FILE with .answers before its ending]; answers in it are not asked again", HelpName = "FILE" };
        var target = new QuestionTarget();
        var atOnce = Grammar.Number("--concurrency", "Questions under way at once, at most [default: the key's limit, 8 to 512]", "N");
        var retries = new Option<int>("--retries") { Description = "Further tries of a question that failed for a reason that may pass", HelpName = "N", DefaultValueFactory = _ => 5 };
        var caller = Grammar.Text("--caller", "Name in the fair queue, where other work uses the same token", "NAME");
        var failFast = new Option<bool>("--fail-fast") { Description = "End the run with the first question that fails; what is under way is still answered" };
        var sample = Grammar.Number("--sample", "Only so many of the questions, chosen by chance", "N");
        var seed = new Option<int>("--seed") { Description = "Another choice for --sample; the same seed always chooses the same", HelpName = "N" };
        var dry = new Option<bool>("--dry-run") { Description = "Send nothing; say how long it will take at the present limit and queue" };
        var verb = new Verb(
            "run",
            "Send a file of prompts through, as fast as the key's limit allows; go on where it stopped",
            "keypace run prompts.jsonl --agent support-bot --out answers.jsonl",
            "keypace run batch.jsonl --model openai/gpt-4.1-mini --dry-run",
            "keypace run prompts.csv --agent support-bot --sample 20 --fail-fast");
        grammar.Connected(verb);
        return grammar.Does(verb, [input, output, .. target.Options, atOnce, retries, caller, failFast, sample, seed, dry], async (session, parsed, ct) =>
        {
            if (parsed.GetValue(atOnce) is < 1 or > MostConcurrency || parsed.GetValue(retries) is < 0 or > MostRetries)
                throw CommandFailure.Usage($"--concurrency is 1 to {MostConcurrency:N0}, --retries 0 to {MostRetries}.");

            if (parsed.GetValue(sample) is < 1)
                throw CommandFailure.Usage("--sample is at least 1.");

            var asked = target.Read(parsed, isModelNeeded: false);
            var file = new QuestionFile(parsed.GetRequiredValue(input), asked);
            var path = parsed.GetValue(output) is { Length: > 0 } named ? named : QuestionFile.AnswersBeside(file.Path);
            if (Path.GetFullPath(path) == Path.GetFullPath(file.Path))
                throw CommandFailure.Usage("The answers cannot go into the file of the questions. Name another with --out.");

            await file.CheckAsync(ct);   // every line, before anything is sent or made
            if (parsed.GetValue(sample) is { } some)
                file.Sample(some, parsed.GetValue(seed));

            var isNew = !File.Exists(path);
            if (parsed.GetValue(dry) && isNew)
            {
                await asked.MustExistAsync(session.Keypace, ct);
                return await SayHowLongAsync(session, asked, new RunCounts(file.Count, 0), ct);
            }

            using var answers = await AnswerFile.OpenAsync(path, onlyLook: parsed.GetValue(dry), session.Terminal.Clock, ct);
            await asked.MustExistAsync(session.Keypace, ct);
            var counts = new RunCounts(file.Count, await file.ClaimAsync(answers, ct));
            return parsed.GetValue(dry)
                ? await SayHowLongAsync(session, asked, counts, ct)
                : await RunAsync(session, file, answers, counts, asked, new RunWishes(parsed.GetValue(atOnce), parsed.GetValue(retries), parsed.GetValue(caller), parsed.GetValue(failFast)), ct);
        });
    }

    private static async Task<int> RunAsync(Session session, QuestionFile file, AnswerFile answers, RunCounts counts, Asked asked, RunWishes how, CancellationToken ct)
    {
        var clock = session.Terminal.Clock;
        var began = clock.GetTimestamp();
        using var failures = new FailureFile(FailureFile.Beside(answers.Path));
        failures.Forget();
        SayBefore(session.Screen, answers, counts);
        var outlook = counts.Left == 0 ? null : await Outlook.FindAsync(session.Keypace, asked, clock, ct);
        var runner = new Runner(session.Keypace, asked, how, answers, failures, counts, clock);
        using (var progress = CancellationTokenSource.CreateLinkedTokenSource(ct))
        using (Stopping(runner, session.Screen, PosixSignal.SIGINT))
        using (Stopping(runner, session.Screen, PosixSignal.SIGTERM))
        {
            var shown = new RunProgress(counts, outlook, session.Terminal).ShowAsync(progress.Token);
            try
            {
                await runner.SendAsync(file.LeftAsync(ct), how.AtOnce ?? await UsualAsync(outlook, ct), ct);
            }
            catch (IOException full)
            {
                throw new CommandFailure(Exit.Failed, "cannot_write", $"An answer could not be written: {full.Message} What is in '{answers.Path}' is whole; go on with the same command.");
            }
            finally
            {
                await progress.CancelAsync();
                await shown;
            }
        }

        await answers.SortAsync(ct);
        RunSummary.Show(session.Screen, counts, answers.Path, failures.Path, clock.GetElapsedTime(began));
        if (runner.Ended is { } ended)
            throw await asked.WithHintAsync(ended, session.Keypace, ct);

        return counts.Failed == 0 && counts.Left == 0 ? Exit.Done : Exit.Failed;
    }

    private static void SayBefore(Screen screen, AnswerFile answers, RunCounts counts)
    {
        if (answers.WasTorn)
            screen.Note($"The last line of '{answers.Path}' was cut off; its question is asked again.");

        if (answers.Foreign > 0)
            screen.Note($"{Said.Count(answers.Foreign)} answers in '{answers.Path}' belong to no question of this run; they stay.");

        if (counts.AnsweredBefore > 0)
            screen.Note($"{Said.Count(counts.AnsweredBefore)} of {Said.Count(counts.Total)} questions are answered already; {Said.Count(counts.Left)} to go.");
    }

    /// <summary>As many as may leave in one interval: the queue is then never empty while there is a turn to take.</summary>
    private static async Task<int> UsualAsync(Outlook? outlook, CancellationToken ct) =>
        outlook is null ? UsualAtOnce : Math.Clamp((await outlook.NowAsync(ct)).EffectiveLimit, LeastAtOnce, MostAtOnce);

    private static PosixSignalRegistration Stopping(Runner runner, Screen screen, PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        if (!runner.WasStopped)
        {
            context.Cancel = true;   // the second one ends the program at once
            runner.Stop();
            screen.Note("\nStopping: what is under way is still answered. Once more to end at once; nothing that is written is lost.");
        }
    });

    private static async Task<int> SayHowLongAsync(Session session, Asked asked, RunCounts counts, CancellationToken ct)
    {
        var outlook = await Outlook.FindAsync(session.Keypace, asked, session.Terminal.Clock, ct)
            ?? throw new CommandFailure(
                Exit.Failed,
                "unknown_limit",
                "How long it will take cannot be said: either the token may not look at the key's limit, or it is not one key that answers. Name it with --agent, or --key and --model, and use a token that may manage.");
        var now = await outlook.NowAsync(ct);
        var left = outlook.Reckon(now, counts.Left);
        var done = session.Terminal.Clock.GetUtcNow() + left;
        session.Screen.Show(
            json =>
            {
                json.WriteStartObject();
                json.WriteNumber("questions", counts.Total);
                json.WriteNumber("answered_already", counts.AnsweredBefore);
                json.WriteNumber("to_send", counts.Left);
                json.WriteString("api_key", now.Name);
                json.WriteNumber("effective_limit", now.EffectiveLimit);
                json.WriteNumber("rate_limit_interval", now.RateLimitInterval);
                json.WriteNumber("used_now", now.UsedNow);
                json.WriteNumber("waiting", now.Waiting);
                json.WriteNumber("seconds", Math.Round(left.TotalSeconds, 3));
                json.WriteNumber("done_at", done.ToUnixTimeSeconds());
                json.WriteEndObject();
            },
            screen => screen.Facts(
                ("questions", Said.Count(counts.Total)),
                ("answered already", Said.Count(counts.AnsweredBefore)),
                ("to send", Said.Count(counts.Left)),
                ("key", now.Name),
                ("limit", Said.Limit(now.EffectiveLimit, now.RateLimitInterval)),
                ("used now", Said.Count(now.UsedNow)),
                ("waiting now", Said.Count(now.Waiting)),
                ("will take", RunCounts.Span(left)),
                ("done at", Said.Second(done.ToUnixTimeSeconds(), session.Terminal.Clock))));
        return Exit.Done;
    }
}
