using BenchmarkDotNet.Attributes;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Bench;

/// <summary>One permit asked for, granted and stamped by the pacer itself: nobody waits, the limit does not bind.</summary>
[MemoryDiagnoser]
public class Grant
{
    private const int Tickets = 4096;

    private readonly Token[] _tickets = new Token[Tickets];
    private readonly Arrival _arrival = new("token", "", Need: new QueryNeed("model", 10, 10));
    private Pacer _pacer = null!;
    private long _now;

    /// <summary>What the key uses beside its rate limit.</summary>
    [Params("nothing else", "smooth", "slots", "tokens and concurrency")]
    public string Uses { get; set; } = "";

    [IterationSetup]
    public void Begin()
    {
        _pacer = new Pacer(new RateLimit(Uses == "slots" ? 1_000_000 : 10_000, 60), 0, QueueBounds.Default);
        if (Uses == "smooth")
            _pacer.ChangeShape(PacingMode.Smooth, startsSmooth: false, 0);

        if (Uses == "tokens and concurrency")
            _pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 1_000_000_000, 60), new Quota(QuotaDimension.Concurrent, 100_000)], default, 0);

        _now = 0;
        for (var i = 0; i < 3 * Tickets; i++)
        {
            Take(new Token());   // more than N: the ring has grown to its size before it is measured
        }

        for (var i = 0; i < Tickets; i++)
            _tickets[i] = new Token();
    }

    [Benchmark(OperationsPerInvoke = Tickets)]
    public void AskGrantStamp()
    {
        foreach (var ticket in _tickets)
            Take(ticket);
    }

    private void Take(Token ticket)
    {
        _now += 10_000_000;   // 100 a second: below every limit
        if (_pacer.Enqueue(ticket, _arrival, _now) != EntryEnd.Granted)
            throw new InvalidOperationException("Not granted: something else is measured.");

        _pacer.Sent(ticket, _now);
        _pacer.Ended(ticket);
    }

    private sealed class Token : Ticket;
}
