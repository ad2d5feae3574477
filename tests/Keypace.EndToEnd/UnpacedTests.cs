using System.Globalization;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>A limit that never binds: nothing else may break either.</summary>
[Collection(nameof(Timed))]
public sealed class UnpacedTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Ten_thousand_queries_over_64_connections_all_succeed_and_it_starts_small()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), AnswerBytes = 1_000 });
        await using var keypace = await RunningKeypace.StartAsync();
        await keypace.StoreKeyAsync(hub, "unpaced");
        Assert.Equal(0, await keypace.Process.StopAsync());
        await keypace.ServeAsync();
        var idleBytes = ResidentBytes(keypace.Process.Id);
        var answers = await Task.WhenAll(Load.Callers(keypace, "unpaced", ["alice", "bob"], queries: 5_000, connections: 32));

        Load.AllMustBeOk(answers.SelectMany(all => all));
        Assert.Equal(10_000, hub.Log.Count);
        Assert.True(idleBytes < 150 * MiB, $"{idleBytes / MiB} MiB idle");
        await Until.TrueAsync(
            async () => (await keypace.Api.GetAsync("/v1/usage?by=key")).MustBe(200)["results"].EnumerateArray().Sum(row => row.GetProperty("queries").GetInt64()) == 10_000,
            "all 10,000 are in the usage records");
    }

    [Fact]
    public async Task The_pretend_hub_itself_takes_ten_thousand_queries_with_ease()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions());
        using var api = new Api(new Uri(hub.Address), "any", connections: 64);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            for (var query = 0; query < 156; query++)
                (await api.ChatAsync("x")).MustBe(200);
        }));

        Assert.Equal(64 * 156, hub.Log.Count);
        Assert.All(hub.Log.Snapshot(), arrival => Assert.InRange(arrival.AppAtNs - arrival.AtNs, -20_000_000, 20_000_000_000));
    }

    private static long ResidentBytes(int processId) =>
        long.Parse(
            File.ReadLines($"/proc/{processId}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) * 1024;
}
