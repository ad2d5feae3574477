using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The main promise, judged by the pretend hub's log.</summary>
[Collection(nameof(Timed))]
public sealed class PacingTests(SharedKeypace keypace)
{
    [Fact]
    public async Task Three_callers_with_180_queries_never_exceed_60_per_10_s_and_share_it()
    {
        var limit = new HubLimit(60, 10);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await keypace.StoreKeyAsync(hub, "three callers", limit);

        var answers = await Task.WhenAll(Load.Callers(keypace.Running, "three callers", ["alice", "bob", "carol"], queries: 60, connections: 20));

        var report = hub.Log.Report(limit);
        Load.AllMustBeOk(answers.SelectMany(answer => answer));
        Assert.Equal(180, report.Count);
        Assert.True(report.Holds, $"{report.MostInWindow} arrived within {limit.Seconds} s; tightest span of 61: {report.TightestSpanNs / 1e9} s");
        Assert.Equal(0, report.Refused);
        Assert.All(report.Share.Values, share => Assert.Equal(60, share));

        // The wave for which all of them wait is shared too, not only the sum. In the first the callers start one after another, and the last is what the first left.
        var wave = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).Skip(60).Take(60);
        Assert.All(wave.CountBy(arrival => arrival.Caller!), share => Assert.InRange(share.Value, 17, 23));
    }

    [Fact]
    public async Task A_late_caller_is_among_the_next_sends()
    {
        // Small waves, because within a wave the order on the wire is chance.
        var limit = new HubLimit(2, 1);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await keypace.StoreKeyAsync(hub, "late caller", limit);

        var early = Task.WhenAll(Load.Callers(keypace.Running, "late caller", ["alice", "bob", "carol"], queries: 6, connections: 6));
        await Until.TrueAsync(() => hub.Log.Count >= 4, "the second wave");
        var before = hub.Log.Count;
        (await keypace.Api.ChatAsync("late caller", "dave")).MustBe(200);

        Load.AllMustBeOk((await early).SelectMany(answers => answers));
        var order = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).Select(arrival => arrival.Caller).ToList();
        var place = order.IndexOf("dave") - before;
        Assert.True(place <= 3, $"dave came after more than one turn of the three others, number {place}: {string.Join(' ', order.Skip(before))}");
        Assert.True(hub.Log.Report(limit).Holds);
        Assert.Equal(19, hub.Log.Count);
    }

    [Fact]
    public async Task A_smaller_limit_takes_effect_while_queries_wait()
    {
        var limit = new HubLimit(20, 3);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "shrinking", limit);

        var all = Task.WhenAll(Load.Callers(keypace.Running, "shrinking", ["alice", "bob"], queries: 20, connections: 20));
        await Until.TrueAsync(() => hub.Log.Count >= 20, "the first wave");
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 10 })).MustBe(200);

        Load.AllMustBeOk((await all).SelectMany(answers => answers));
        var times = hub.Log.Snapshot().Select(arrival => arrival.AtNs).Order().ToArray();
        for (var index = 20; index < times.Length; index++)
            Assert.True(times[index] - times[index - 10] >= 3_000_000_000, $"send {index} came {(times[index] - times[index - 10]) / 1e9} s after the 10th before it");
    }

    [Fact]
    public async Task Who_cannot_wait_is_told_exactly_when_to_come_back_and_nothing_is_sent()
    {
        var limit = new HubLimit(2, 20);   // long enough for two queries on a machine that is busy
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, "impatient", limit);
        (await keypace.Api.ChatAsync("impatient")).MustBe(200);
        (await keypace.Api.ChatAsync("impatient")).MustBe(200);

        var refused = (await keypace.Api.ChatAsync("impatient", null, ("x-keypace-max-wait", "0"))).MustRefuseQuery(429);

        var waitMs = double.Parse(refused.Header("retry-after-ms")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(waitMs, 1, 20_100);
        Assert.Equal(Math.Ceiling(waitMs / 1000), double.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("true", refused.Header("x-should-retry"));
        Assert.Equal(2, hub.Log.Count);

        // Who waits as long as was said gets through.
        (await keypace.Api.ChatAsync("impatient", null, ("x-keypace-max-wait", "30"))).MustBe(200);
        Assert.True(hub.Log.Report(limit).Holds);
    }

    [Fact]
    public async Task A_caller_who_leaves_the_queue_gives_its_turn_back()
    {
        var limit = new HubLimit(1, 30);
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "leaving", limit);
        (await keypace.Api.ChatAsync("leaving", "first")).MustBe(200);

        using var leaving = new CancellationTokenSource();
        var left = keypace.Api.OpenAsync("/v1/chat/completions", Api.Chat("pretend-large", "left"), "leaving", leaving.Token);
        await Until.TrueAsync(async () => await WaitingAsync(id) == 1, "the query waits");
        var stays = keypace.Api.ChatAsync("leaving", "stays");
        await Until.TrueAsync(async () => await WaitingAsync(id) == 2, "both queries wait");
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        await Until.TrueAsync(async () => await WaitingAsync(id) == 1, "the queue forgets who left");

        (await Until.DoneAsync(stays, "the next in the queue goes in its place")).MustBe(200);
        Assert.Equal(["first", "stays"], hub.Log.Snapshot().Select(arrival => arrival.Caller));

        async Task<int> WaitingAsync(string key) =>
            (await keypace.Api.GetAsync($"/v1/api-keys/{key}/status")).MustBe(200)["waiting"].GetInt32();
    }
}
