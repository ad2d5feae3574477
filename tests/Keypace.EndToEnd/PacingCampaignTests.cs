using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// The promises of pacing in real time at a hub over uneven lines. A slice in every run; <c>./dev campaign pacing SECONDS</c> runs as long as it is told
/// and prints what was measured.
/// </summary>
[Collection(nameof(Timed))]
public sealed class PacingCampaignTests
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_CAMPAIGN_SECONDS"), out var seconds) ? seconds : 10);

    /// <summary>Five windows of a minute, and some more to judge by.</summary>
    private static bool IsLong => Lasts >= TimeSpan.FromSeconds(420);

    /// <summary>
    /// In the long form at the same time, each with a Keypace and a hub of its own: an hour of each takes an hour. The short one after another.
    /// </summary>
    [Fact]
    public async Task The_promises_hold_at_the_hub_for_as_long_as_it_is_told()
    {
        Func<Task>[] promises = [() => NeverMoreThanTheLimitAsync(null, 40), () => NeverMoreThanTheLimitAsync(250, 200), AutoLearnsSlicesAsync, FairSharesAsync];
        if (IsLong)
        {
            await Task.WhenAll([.. promises.Select(promise => promise()), RoomForOthersAsync()]);
            return;
        }

        foreach (var promise in promises)
            await promise();
    }

    private static async Task NeverMoreThanTheLimitAsync(int? guardMs, int mostDelayMs)
    {
        var limit = new HubLimit(60, 10);
        var seed = Campaign.Seed();
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit, DropShare = 0.002, DelayMs = (0, 100), Seed = seed });
        await using var line = new SlowLine(hub.Port, (0, mostDelayMs), seed);
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(line.Address, hub.Options.RequiredKey!, "uneven", limit);
        if (guardMs is { } guard)
            (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { guard_ms = guard })).MustBe(200);

        var took = await DriveAsync(keypace, "uneven", 24, Lasts, () => hub.Log.Count > limit.Requests);   // a window and one more, however slow the machine is

        var report = hub.Log.Report(limit);
        var status = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200);
        var guardSeconds = status["guard_ms"].GetInt32() / 1000.0;
        var use = report.UseOfAllowance;
        CampaignTable.Add($"Delays of 0 to {mostDelayMs} ms to the hub, guard {guardSeconds * 1000:0} ms, 60 per 10 s, connections cut", took,
            Text($"{report.Count} sends, at most {report.MostInWindow} in any 10 s, tightest 61 in {report.TightestSpanNs / 1e9:0.000} s, {report.Refused} refused, use {use:P2}; longest delay {line.Longest.TotalMilliseconds:0} ms, {line.Cut} cut as late"),
            Text($"at most 60, 0 refused, use about {10 / (10 + guardSeconds):P2} less what cut connections cost"));
        Assert.True(report.Holds, $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s, longest delay {line.Longest.TotalMilliseconds:0} ms, cut {line.Cut} (seed {seed})");
        Assert.Equal(0, report.Refused);
    }

    private static async Task AutoLearnsSlicesAsync()
    {
        // The short form has windows of 6 s: 60 in 6 s are 10 a second too.
        var limit = IsLong ? new HubLimit(600, 60) : new HubLimit(60, 6);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit, Enforcement = HubEnforcement.Slices, SaysRetryAfter = false });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "sliced", limit);

        var took = await DriveAsync(keypace, "sliced", 24, Lasts, () => hub.Log.Count > limit.Requests);

        var arrivals = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).ToArray();
        var late = arrivals.Where(arrival => arrival.AtNs >= arrivals[0].AtNs + (5 * limit.WindowNs)).ToArray();
        var refused = late.Count(arrival => arrival.Status == 429);
        CampaignTable.Add($"A hub that enforces {limit.Requests} per {limit.Seconds} s as 10 a second, auto", took,
            Text($"{arrivals.Length} sends, {arrivals.Count(arrival => arrival.Status == 429)} refused in all, {refused} of {late.Length} after 5 windows"), "fewer than 0.1 % after 5 windows");
        Assert.True(hub.Log.Report(limit).Holds);
        Assert.True(!IsLong || refused < late.Length / 1000.0, $"{refused} of {late.Length} refused after five windows");
    }

    private static async Task RoomForOthersAsync()
    {
        var limit = new HubLimit(600, 60);   // the header counts by the minute
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit, ForeignShare = 0.3, Dialect = HubDialect.Plain });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "shared", limit);

        var took = await DriveAsync(keypace, "shared", 24, Lasts, () => true);

        var arrivals = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).ToArray();
        var late = arrivals.Where(arrival => arrival.AtNs >= arrivals[0].AtNs + (2 * limit.WindowNs)).ToArray();
        var refused = late.Count(arrival => arrival.Status == 429);
        CampaignTable.Add($"Somebody else uses 30 % of the account, {limit.Requests} per {limit.Seconds} s, headers say what is left", took,
            Text($"{arrivals.Length} sends, {refused} of {late.Length} refused after 2 windows"), "fewer than 1 % after 2 windows");
        Assert.True(refused < late.Length / 100.0, $"{refused} of {late.Length} refused");
    }

    private static async Task FairSharesAsync()
    {
        var limit = new HubLimit(30, 3);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "fair", limit);
        using var enough = new CancellationTokenSource();
        var started = TimeProvider.System.GetTimestamp();
        using var api = new Api(keypace.Address, keypace.Folder.Token, connections: 1000);
        var ends = EndAsync(enough, Lasts, () => hub.Log.Count >= 4 * limit.Requests);

        // One has 800 queries waiting at any time, each of four others 8: more than its turn, so nobody is ever without.
        var callers = new[] { "greedy", "a", "b", "c", "d" };
        await Task.WhenAll(callers.SelectMany(name => Enumerable.Range(0, name == "greedy" ? 800 : 8).Select(_ => AskAsync(api, name, enough.Token))));

        await ends;
        var took = TimeProvider.System.GetElapsedTime(started);
        var waves = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).Skip(limit.Requests).SkipLast(limit.Requests).ToArray();
        var shares = callers.Select(name => (double)waves.Count(arrival => arrival.Caller == name)).ToArray();
        var jain = shares.Sum() * shares.Sum() / (shares.Length * shares.Sum(share => share * share));
        CampaignTable.Add("One of five callers with a hundred times the queries in line, 30 per 3 s", took, Text($"{waves.Length} sends, Jain {jain:0.0000}"), "Jain at least 0.99");
        Assert.True(hub.Log.Report(limit).Holds);
        Assert.All(shares, share => Assert.True(share > 0, "one got nothing"));
        Assert.True(!IsLong || jain >= 0.99, $"Jain {jain}: {string.Join(' ', shares)}");   // in the short form a busy machine decides who asks again in time

        async Task AskAsync(Api to, string name, CancellationToken ct)
        {
            while (!ct.IsCancellationRequested)
            {
                try
                {
                    using var answer = await to.OpenAsync("/v1/chat/completions", Api.Chat("m", name), "fair", ct, ("x-keypace-caller", name));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Ends it after so long, and not before there is something to judge.</summary>
    private static async Task EndAsync(CancellationTokenSource enough, TimeSpan lasts, Func<bool> hasSeen)
    {
        await Task.Delay(lasts, TimeProvider.System, TestContext.Current.CancellationToken);
        await Until.TrueAsync(hasSeen, "enough sends to judge by");
        await enough.CancelAsync();
    }

    /// <summary>So many connections ask without a pause.</summary>
    private static async Task<TimeSpan> DriveAsync(RunningKeypace keypace, string key, int connections, TimeSpan lasts, Func<bool> hasSeen)
    {
        using var enough = new CancellationTokenSource();
        var ends = EndAsync(enough, lasts, hasSeen);
        using var api = new Api(keypace.Address, keypace.Folder.Token, connections);
        var started = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(async number =>
        {
            while (!enough.IsCancellationRequested)
            {
                try
                {
                    using var answer = await api.OpenAsync("/v1/chat/completions", Api.Chat("m", $"caller {number % 3}"), key, enough.Token, ("x-keypace-caller", $"caller {number % 3}"));
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }));
        await ends;
        return TimeProvider.System.GetElapsedTime(started);
    }

    private static string Text(FormattableString text) => text.ToString(Wire.Culture);
}
