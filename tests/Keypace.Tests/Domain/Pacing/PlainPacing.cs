using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>A pacer with nothing but a rate limit, and those who wait for it.</summary>
public abstract class PlainPacing
{
    protected const long Second = SendWindow.Second;
    protected const long Millisecond = Second / 1000;

    protected List<Ticket> Changed { get; } = [];

    protected static Arrival Anybody(Random chance)
    {
        var token = chance.Next(4);
        return new Arrival($"t{token}", $"c{chance.Next(3)}", 1 + token, (QueryClass)chance.Next(3));
    }

    protected static Pacer Full(RateLimit limit, QueueBounds? bounds = null)
    {
        var pacer = new Pacer(limit, 0, bounds ?? QueueBounds.Default);
        pacer.AssumeSent(limit.Count, 0);
        return pacer;
    }

    private protected static PlainTicket Wait(Pacer pacer, string caller = "", long deadline = long.MaxValue)
    {
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(ticket, new Arrival("t", caller, Deadline: deadline), 0));
        return ticket;
    }

    /// <summary>Sends all that is granted; how many.</summary>
    protected int Step(Pacer pacer, long now)
    {
        Changed.Clear();
        pacer.Advance(now, Changed);
        var granted = Changed.Where(ticket => ticket.State == TicketState.Granted).ToList();
        granted.ForEach(ticket => pacer.Sent(ticket, now));
        return granted.Count;
    }
}
