using System.Net;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Between Keypace and a hub every query takes its own time; within the guard the limit holds at the hub all the same.</summary>
public sealed class GuardTests
{
    [Theory]
    [InlineData(50, 40)]
    [InlineData(250, 200)]
    public async Task The_limit_holds_at_the_hub_while_delays_spread_within_the_guard(int guardMs, int mostDelayMs)
    {
        var limit = new HubLimit(20, 2);
        var seed = Campaign.Seed();
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New(), Limit = limit });
        await using var line = new SlowLine(hub.Port, (0, mostDelayMs), seed);
        await using var keypace = await RunningKeypace.StartAsync(("KEYPACE_PACING__GUARD_MS", guardMs.ToString(Wire.Culture)));
        await keypace.StoreKeyAsync(line.Address, hub.Options.RequiredKey!, "slow line", limit);

        var answers = await Task.WhenAll(Load.Callers(keypace, "slow line", ["alice", "bob"], queries: Campaign.Or(60, 1_000), connections: 20));

        // Where the machine was busy, the line was cut, and those queries failed.
        Assert.InRange(answers.Sum(all => all.Count(answer => answer.Status != HttpStatusCode.OK)), 0, line.Cut);
        var report = hub.Log.Report(limit);
        Assert.True(report.Holds,
            $"{report.MostInWindow} within {limit.Seconds} s, tightest {report.TightestSpanNs / 1e9} s, longest delay {line.Longest.TotalMilliseconds:0} ms, cut {line.Cut} (seed {seed})");
        Assert.Equal(0, report.Refused);
    }
}
