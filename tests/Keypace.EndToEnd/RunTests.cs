using System.Text;
using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary><c>keypace run</c> against the built server: whole runs, and one that is killed in the middle.</summary>
public sealed class RunTests
{
    private const int Limit = 100, Seconds = 2;

    [Fact]
    public async Task A_run_takes_as_long_as_was_said_and_keeps_the_limit()
    {
        const int Questions = 4 * Limit;
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var folder = await PrepareAsync(keypace, hub, Questions);

        var said = JsonDocument.Parse(await MustRunAsync(keypace, folder, 0, "--dry-run", "--json")).RootElement.GetProperty("seconds").GetDouble();
        hub.Log.Clear();
        var summary = JsonDocument.Parse(LastObject(await MustRunAsync(keypace, folder, 0, "--json"))).RootElement;

        Assert.Equal((Questions, 0), (summary.GetProperty("answered").GetInt32(), summary.GetProperty("failed").GetInt32()));
        Assert.InRange(summary.GetProperty("seconds").GetDouble(), said - 0.1, 600);   // never sooner than was said; how much later is the machine's doing
        Assert.Equal(Enumerable.Range(1, Questions), Lines(folder).Select(line => line.GetProperty("line").GetInt32()));
        Assert.InRange(hub.Log.Report(new HubLimit(Limit, Seconds)).MostInWindow, 1, Limit);
    }

    [Fact]
    public async Task After_kill_9_no_question_is_sent_again_whose_answer_was_on_disk()
    {
        const int Questions = 3 * Limit;
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var folder = await PrepareAsync(keypace, hub, Questions);

        await using (var run = ChildProcess.Start(Checkout.Executable, Arguments(keypace, folder), keypace.Folder.Environment))
        {
            await Until.TrueAsync(() => hub.Log.Count > Limit + 20, "the second window of queries");
            await run.KillAsync();
        }

        var onDisk = File.ReadAllText(Path.Combine(folder, "answers.jsonl"));
        var kept = onDisk.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.EndsWith('}')).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("line").GetInt32()).ToHashSet();
        Assert.InRange(kept.Count, Limit / 2, Questions - 1);
        await Until.TrueAsync(async () => (await keypace.Api.GetAsync("/v1/rate-groups")).Text.Contains("\"waiting\":0", StringComparison.Ordinal), "the killed run's queries to leave the queue");
        var before = hub.Log.Count;
        File.AppendAllText(Path.Combine(folder, "answers.jsonl"), "{\"line\":7,\"custom");   // as a crash of the machine leaves it

        await MustRunAsync(keypace, folder, 0);

        var again = hub.Log.Snapshot().Skip(before).Select(arrival => Number(Encoding.UTF8.GetString(arrival.Body))).ToList();
        Assert.DoesNotContain(again, kept.Contains);
        Assert.Equal(Questions - kept.Count, again.Count);
        Assert.Equal(Enumerable.Range(1, Questions), Lines(folder).Select(line => line.GetProperty("line").GetInt32()));
    }

    [Fact]
    public async Task What_fails_is_written_apart_and_ends_with_1()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Fault = HubFault.ServerError, FaultTimes = 1 });
        await using var keypace = await RunningKeypace.StartAsync();
        var folder = await PrepareAsync(keypace, hub, 5);

        var output = await MustRunAsync(keypace, folder, 1, "--retries", "0");

        Assert.Contains("answers.errors.jsonl", output, StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(Path.Combine(folder, "answers.errors.jsonl")));
        Assert.Equal(4, Lines(folder).Count());
        await MustRunAsync(keypace, folder, 0);
        Assert.Equal(5, Lines(folder).Count());
    }

    private static async Task<string> PrepareAsync(RunningKeypace keypace, PretendHub hub, int questions)
    {
        var id = await keypace.StoreKeyAsync(hub, "main", new HubLimit(Limit, Seconds));
        (await keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "bot", model_name = "pretend-small", hub = "custom", api_key_id = id })).MustBe(200);
        File.WriteAllLines(Path.Combine(keypace.Folder.Root, "prompts.jsonl"), Enumerable.Range(1, questions).Select(number => $"\"question {number}.\""));
        return keypace.Folder.Root;
    }

    private static string[] Arguments(RunningKeypace keypace, string folder, params string[] more) =>
    [
        "run", Path.Combine(folder, "prompts.jsonl"), "--agent", "bot", "--out", Path.Combine(folder, "answers.jsonl"),
        "--base-url", keypace.Address.ToString(), "--token-file", keypace.Folder.TokenFile, .. more,
    ];

    private static async Task<string> MustRunAsync(RunningKeypace keypace, string folder, int exit, params string[] more)
    {
        var (exitCode, output) = await ChildProcess.RunAsync(Checkout.Executable, Arguments(keypace, folder, more), keypace.Folder.Environment);
        Assert.True(exitCode == exit, $"keypace run ended with {exitCode}: {output}");
        return output;
    }

    private static IEnumerable<JsonElement> Lines(string folder) =>
        File.ReadLines(Path.Combine(folder, "answers.jsonl")).Select(line => JsonDocument.Parse(line).RootElement);

    private static string LastObject(string output) => output[output.IndexOf('{')..(output.LastIndexOf('}') + 1)];

    private static int Number(string body) =>
        int.Parse(body.Split("question ")[1].Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
}
