using BenchmarkDotNet.Attributes;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Bench;

/// <summary>One permit through the host: lock, clock, object, stamp; alone and with sixteen threads on one key.</summary>
[MemoryDiagnoser]
public class Shared
{
    private const int Each = 10_000;

    private static readonly Entry Entry = new("token", "", 1, QueryClass.Interactive, TimeSpan.Zero);
    private PacedGroup _group = null!;

    [Params(1, 16)]
    public int Threads { get; set; }

    [IterationSetup]
    public void Begin() => _group = new RateGroups(new PacingOptions(), TimeProvider.System, new OpenLedger()).Get(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()), new RateLimit(1_000_000, 1));

    [Benchmark(OperationsPerInvoke = Each)]
    public void EnterLeaveStamp() => Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, _ =>
    {
        for (var i = Each / Threads; i > 0; i--)
        {
            if (_group.Enter(Entry).TryGet(out var turn, out var _))
            {
                turn.Leaving();
                turn.Sent();
                turn.Ended();
            }
        }
    });
}
