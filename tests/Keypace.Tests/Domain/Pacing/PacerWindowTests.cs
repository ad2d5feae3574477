using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>The hard promise: never more than N in any half-open window of T, whatever happens.</summary>
public sealed class PacerWindowTests
{
    private static readonly int FirstSeed = Traces.FirstSeed(20_261_123);

    [Theory]
    [InlineData(1, 1, 120, 6, 0)]
    [InlineData(3, 60, 120, 10, 0)]
    [InlineData(10, 60, 120, 30, 0)]
    [InlineData(60, 10, 80, 130, 0)]
    [InlineData(600, 60, 50, 120, 0.9)]
    [InlineData(5000, 60, 50, 100, 0.99)]
    [InlineData(1000, 86400, 50, 100, 0.9)]
    [InlineData(1_000_000, 3600, 30, 80, 0.9999)]
    public void No_window_is_ever_over_its_limit(int count, int seconds, int steps, int burst, double prefill)
    {
        var limit = new RateLimit(count, seconds);
        var sends = 0L;
        var traces = Traces.Count(1000, 1000);
        for (var i = 0; i < traces; i++)
        {
            var (seed, limitChanges) = (FirstSeed + i, i % 4 == 3);
            var trace = new PacerTrace(seed, limit, limitChanges, i % 8 == 7 ? 0 : prefill);
            trace.Run(Traces.Steps(steps, steps * (limitChanges ? 3 : 20)), burst);
            sends += trace.Sends;
            if (limitChanges)
                Assert.True(WindowChecker.FirstSeeingTooMany(trace.Departures) is null, $"{limit} with changes is over: seed {seed}.");
            else
                Assert.True(WindowChecker.FirstOver(trace.Departures, limit) is null, $"{limit} is over: seed {seed}.");
        }

        TestContext.Current.SendDiagnosticMessage($"{limit}: {sends} sends in {traces} traces from seed {FirstSeed}");
        Assert.True(sends > (long)traces * Math.Min(count, 20), $"Only {sends} sends: the traces prove little.");
    }
}
