using System.Globalization;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The largest limits, the longest intervals, and a limit that becomes one while thousands wait.</summary>
[Collection(nameof(Timed))]
public sealed class ExtremeLimitsTests
{
    private const int DaySeconds = 86_400;

    /// <summary>All of them are sockets of this process twice over; 10,000 in the long form.</summary>
    private static readonly int Crowd = Campaign.Or(2_000, 10_000);

    [Fact]
    public async Task A_million_a_day_flows_and_goes_on_after_a_kill()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        var id = await keypace.StoreKeyAsync(hub, "million", new HubLimit(1_000_000, DaySeconds));

        Load.AllMustBeOk((await Task.WhenAll(Load.Callers(keypace, "million", ["alice"], queries: 500, connections: 16))).SelectMany(all => all));
        await keypace.Process.KillAsync();
        await keypace.ServeAsync();
        Load.AllMustBeOk((await Task.WhenAll(Load.Callers(keypace, "million", ["alice"], queries: 500, connections: 16))).SelectMany(all => all));

        // A kill costs at most a twentieth of the limit: docs/pacing.md.
        var status = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200);
        Assert.InRange(status["used_now"].GetInt32(), 1_000, 1_000 + (1_000_000 / 20));
        Assert.Equal(1_000_000, status["effective_limit"].GetInt32());
    }

    [Fact]
    public async Task Two_a_day_refuse_the_third_with_the_time_of_tomorrow_also_after_a_restart()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "rare", new HubLimit(2, DaySeconds));
        (await keypace.Api.ChatAsync("rare")).MustBe(200);
        (await keypace.Api.ChatAsync("rare")).MustBe(200);

        var third = (await keypace.Api.ChatAsync("rare")).MustRefuseQuery(429);
        Assert.Equal(0, await keypace.Process.StopAsync());
        await keypace.ServeAsync();
        var fourth = (await keypace.Api.ChatAsync("rare")).MustRefuseQuery(429);

        foreach (var refused in new[] { third, fourth })
            Assert.InRange(int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture), DaySeconds - 120, DaySeconds + 1);

        Assert.Equal(2, hub.Log.Count);
    }

    [Fact]
    public async Task A_limit_that_becomes_one_while_thousands_wait_holds_at_once_and_lets_them_go_when_it_is_raised()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await using var keypace = await RunningKeypace.StartAsync(("KEYPACE_PACING__MAX_WAIT_SECONDS", "86400"));
        var id = await keypace.StoreKeyAsync(hub, "crowd", new HubLimit(20, 60));
        using var crowd = new Api(keypace.Address, keypace.Folder.Token, Crowd);
        var answers = Enumerable.Range(0, Crowd).Select(_ => crowd.ChatAsync("crowd")).ToArray();
        await Until.TrueAsync(async () => await WaitingAsync(keypace, id) == Crowd - 20, "all but the first twenty wait", TimeSpan.FromMinutes(3));

        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 1, rate_limit_interval = 2 })).MustBe(200);
        var lowered = hub.Log.Count;
        await Until.TrueAsync(() => hub.Log.Count >= lowered + 2, "one goes every two seconds", TimeSpan.FromMinutes(2));
        var status = (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200);
        var slow = hub.Log.Snapshot().OrderBy(arrival => arrival.AtNs).Skip(lowered).ToArray();

        Assert.Equal(1, status["effective_limit"].GetInt32());
        Assert.All(slow.Zip(slow.Skip(1)), pair => Assert.True(pair.Second.AtNs - pair.First.AtNs > 2_000_000_000, "two within two seconds"));
        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 })).MustBe(200);
        Load.AllMustBeOk(await Until.DoneAsync(Task.WhenAll(answers), "everyone is answered", TimeSpan.FromMinutes(3)));
        Assert.Equal(Crowd, hub.Log.Count);
        Assert.Equal(0, await WaitingAsync(keypace, id));
    }

    private static async Task<int> WaitingAsync(RunningKeypace keypace, string id) =>
        (await keypace.Api.GetAsync($"/v1/api-keys/{id}/status")).MustBe(200)["waiting"].GetInt32();
}
