namespace Keypace.Domain.Pacing;

/// <summary>Tickets that hold a permit, or were sent and have not ended. Costs two references a ticket and allocates nothing.</summary>
internal sealed class RunningTickets
{
    private Ticket? _first;

    public bool IsEmpty => _first is null;

    public void Add(Ticket ticket)
    {
        ticket.NextRunning = _first;
        if (_first is not null)
            _first.PreviousRunning = ticket;

        _first = ticket;
        ticket.IsRunning = true;
    }

    /// <summary>Does nothing with one that is not among them.</summary>
    public void Remove(Ticket ticket)
    {
        if (!ticket.IsRunning)
            return;

        if (ticket.PreviousRunning is null)
            _first = ticket.NextRunning;
        else
            ticket.PreviousRunning.NextRunning = ticket.NextRunning;

        if (ticket.NextRunning is not null)
            ticket.NextRunning.PreviousRunning = ticket.PreviousRunning;

        (ticket.PreviousRunning, ticket.NextRunning, ticket.IsRunning) = (null, null, false);
    }

    /// <summary>Newest grant first.</summary>
    public IEnumerable<Ticket> All()
    {
        for (var ticket = _first; ticket is not null; ticket = ticket.NextRunning)
            yield return ticket;
    }
}
