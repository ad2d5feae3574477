using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>A pacer with limits beside its rate limit, whose time the test passes.</summary>
public abstract class QuotaPacing
{
    protected const long Second = SendWindow.Second;

    /// <summary>A rate limit that is never in the way.</summary>
    protected static readonly RateLimit Plenty = new(1000, 1);

    protected long Now { get; set; }

    protected List<Ticket> Changed { get; } = [];

    protected Pacer Of(params Quota[] quotas)
    {
        var pacer = new Pacer(Plenty, 0, QueueBounds.Default);
        pacer.ChangeQuotas(quotas, DateTimeOffset.UnixEpoch, 0);
        return pacer;
    }

    protected static Arrival Needs(long input, long output, string? model = null, string token = "t") =>
        new(token, "", Need: new QueryNeed(model, input, output));

    private protected PlainTicket Grant(Pacer pacer)
    {
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(ticket, Needs(0, 0), Now));
        return ticket;
    }

    private protected PlainTicket Send(Pacer pacer, long tokens, string? model = null)
    {
        var ticket = Wait(pacer, tokens, model);
        Assert.Equal(TicketState.Sent, ticket.State);
        return ticket;
    }

    /// <summary>Enters; sent at once when it is granted.</summary>
    private protected PlainTicket Wait(Pacer pacer, long tokens, string? model = null, string token = "t")
    {
        var ticket = new PlainTicket();
        if (pacer.Enqueue(ticket, Needs(tokens, 0, model, token), Now) == EntryEnd.Granted)
            pacer.Sent(ticket, Now);

        Advance(pacer);
        return ticket;
    }

    protected void Advance(Pacer pacer)
    {
        Changed.Clear();
        pacer.Advance(Now, Changed);
        foreach (var ticket in Changed.Where(ticket => ticket.State == TicketState.Granted))
            pacer.Sent(ticket, Now);
    }

    protected void RunUntil(Pacer pacer, Func<bool> done)
    {
        for (var i = 0; !done(); i++)
        {
            Assert.True(i < 100_000, "It never comes.");
            Now = Math.Max(Now, pacer.NextEvent(Now));
            Assert.True(Now < long.MaxValue, "Nothing is expected any more.");
            Advance(pacer);
        }
    }
}
