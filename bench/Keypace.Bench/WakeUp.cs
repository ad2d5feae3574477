using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Bench;

/// <summary>How late waiting queries wake: 10,000 over 1,000 keys, each at the tick that it was told when it came.</summary>
internal static class WakeUp
{
    private const int Keys = 1000;
    private const int PerKey = 10;
    private const int Burst = 2;

    public static async Task RunAsync(int rounds)
    {
        for (var round = 1; round <= rounds; round++)
        {
            var late = await RoundAsync();
            Array.Sort(late);
            Console.WriteLine(
                $"round {round}: {late.Length} woke; late by p50 {At(late, 0.5):0.00} ms, p99 {At(late, 0.99):0.00} ms, p99.9 {At(late, 0.999):0.00} ms, most {late[^1]:0.00} ms");
        }
    }

    private static async Task<double[]> RoundAsync()
    {
        var groups = new RateGroups(new PacingOptions { Guard = TimeSpan.Zero }, TimeProvider.System, new OpenLedger());
        var chance = new Random(1);
        var waits = new List<Task<double>>();
        var limit = new RateLimit(Burst, 1);
        foreach (var key in Enumerable.Range(0, Keys).Select(_ => Guid.CreateVersion7(TimeProvider.System.GetUtcNow())))
        {
            var group = groups.Get(key, limit);
            var turns = new Turn[Burst + PerKey];
            for (var i = 0; i < turns.Length; i++)
            {
                if (!group.Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromSeconds(60))).TryGet(out turns[i]!, out var refusal))
                    throw new InvalidOperationException(refusal.ToString());

                if (i < Burst)
                    Send(turns[i]);
                else
                    waits.Add(WaitAsync(turns, i));
            }

            if (chance.Next(4) == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);   // keys do not come all at once
            }
        }

        var late = await Task.WhenAll(waits);
        await groups.StopAsync();
        return late;
    }

    /// <summary>
    /// From the tick at which the window let it go, which is an interval after the send that it follows, to the tick at which its code runs.
    /// </summary>
    private static async Task<double> WaitAsync(Turn[] turns, int own)
    {
        await turns[own].WhenGranted(default);
        var woke = TimeProvider.System.GetTimestamp();
        Send(turns[own]);
        return (woke - (turns[own - Burst].SentAt + SendWindow.Second)) / 1e6;
    }

    private static void Send(Turn turn)
    {
        turn.Leaving();
        turn.Sent();
        turn.Ended();
    }

    private static double At(double[] sorted, double share) => sorted[(int)(share * (sorted.Length - 1))];
}
