namespace Keypace.Domain.Pacing;

/// <summary>
/// Deadlines of waiting tickets. A ticket that goes leaves its entry behind; stale entries never outnumber the waiting ones for long.
/// Not to be copied: a copy may make a heap of its own.
/// </summary>
internal struct Deadlines
{
    private const int Slack = 64;

    private PriorityQueue<Ticket, long>? _heap;   // made for the first deadline: most keys never have a line

    /// <summary>Entries, stale ones included.</summary>
    public readonly int Count => _heap?.Count ?? 0;

    public void Add(Ticket ticket, int waiting)
    {
        if (ticket.Deadline == long.MaxValue)
            return;

        Compact(waiting);
        (_heap ??= new()).Enqueue(ticket, ticket.Deadline);
    }

    /// <summary>The earliest deadline of a ticket that still waits; <see cref="long.MaxValue"/> without one.</summary>
    public readonly long Next()
    {
        while (_heap is not null && _heap.TryPeek(out var ticket, out var deadline))
        {
            if (ticket.State == TicketState.Waiting)
                return deadline;

            _heap.Dequeue();
        }

        return long.MaxValue;
    }

    /// <summary>The next ticket whose deadline is before <paramref name="tick"/>.</summary>
    public readonly Ticket? TakeBefore(long tick) => Next() < tick ? _heap!.Dequeue() : null;

    public readonly void Compact(int waiting)
    {
        if (_heap is null || _heap.Count <= (2 * waiting) + Slack)
            return;

        var live = _heap.UnorderedItems.Where(entry => entry.Element.State == TicketState.Waiting).ToArray();
        _heap.Clear();
        _heap.EnqueueRange(live);
        _heap.TrimExcess();
    }
}
