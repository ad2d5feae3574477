using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What a permit costs in memory when nobody waits: nothing, or one array of claims where other limits count.</summary>
public sealed class GrantCostTests
{
    private const int Grants = 1_000;

    /// <summary>Two claims and the array's head.</summary>
    private const long Claims = 24 + (2 * 32);

    private static readonly Guid One = new(1, 0, 0, new byte[8]);
    private static readonly Guid Two = new(2, 0, 0, new byte[8]);

    [Theory]
    [InlineData("nothing else", 0L)]
    [InlineData("a source", 0L)]
    [InlineData("two sources", 0L)]
    [InlineData("smooth", 0L)]
    [InlineData("slots", 0L)]
    [InlineData("tokens and concurrency", Claims)]
    public void A_permit_that_is_free_allocates(string uses, long most)
    {
        var pacer = new Pacer(new RateLimit(uses == "slots" ? 1_000_000 : 3_000, 60), 0, QueueBounds.Default);
        if (uses == "smooth")
            pacer.ChangeShape(PacingMode.Smooth, startsSmooth: false, 0);

        if (uses == "tokens and concurrency")
            pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 1_000_000_000, 60), new Quota(QuotaDimension.Concurrent, 100_000)], default, 0);

        var tickets = Enumerable.Range(0, 8 * Grants).Select(_ => new PlainTicket()).ToArray();
        var (now, granted) = (0L, 0);
        foreach (var ticket in tickets.AsSpan(Grants))
        {
            Take(ticket);   // rings and queues have grown
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var ticket in tickets.AsSpan(0, Grants))
            Take(ticket);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Grants, 0, most);
        Assert.Equal(tickets.Length, granted);

        void Take(PlainTicket ticket)
        {
            now += SendWindow.Second / 20;
            var source = uses == "two sources" && now % (SendWindow.Second / 10) == 0 ? Two : uses is "a source" or "two sources" ? One : default;
            granted += pacer.Enqueue(ticket, new Arrival("token", "", Need: new QueryNeed("model", 10, 10, source)), now) == EntryEnd.Granted ? 1 : 0;
            pacer.Sent(ticket, now);
            pacer.Ended(ticket);
        }
    }
}
