namespace Keypace.Domain.Pacing;

/// <summary>Tickets in a row, first come, first served. Every ticket is in at most one.</summary>
internal sealed class TicketRow(CallerLane lane, int line)
{
    public CallerLane Lane => lane;

    /// <summary>The line that they wait in (<see cref="LimitLine.Number"/>).</summary>
    public int Line => line;

    public Ticket? First { get; private set; }

    public Ticket? Last { get; private set; }

    /// <summary>Of the same caller, in another line.</summary>
    public TicketRow? Other { get; set; }

    /// <summary>Behind all whose <see cref="Ticket.Rank"/> is not higher; mostly at the end.</summary>
    public void Add(Ticket ticket)
    {
        var before = Last;
        while (before is not null && before.Rank > ticket.Rank)
            before = before.Previous;

        var after = before is null ? First : before.Next;
        (ticket.Previous, ticket.Next, ticket.Row) = (before, after, this);
        if (before is null)
            First = ticket;
        else
            before.Next = ticket;

        if (after is null)
            Last = ticket;
        else
            after.Previous = ticket;
    }

    public void Remove(Ticket ticket)
    {
        if (ticket.Previous is null)
            First = ticket.Next;
        else
            ticket.Previous.Next = ticket.Next;

        if (ticket.Next is null)
            Last = ticket.Previous;
        else
            ticket.Next.Previous = ticket.Previous;

        (ticket.Previous, ticket.Next, ticket.Row) = (null, null, null);
    }
}

/// <summary>
/// What waits of one caller under one access token in one class, a row for each line; of those that may go the first that came goes. Also, without
/// a token, what comes back and goes before everybody.
/// </summary>
internal sealed class CallerLane(TokenLane? token, string caller) : TurnNode
{
    private TicketRow? _rows;

    public TokenLane? Token => token;

    public string Caller => caller;

    public int Count { get; private set; }

    public void Add(Ticket ticket)
    {
        var row = _rows;
        while (row is not null && row.Line != ticket.Line)
            row = row.Other;

        if (row is null)
        {
            row = new TicketRow(this, ticket.Line) { Other = _rows };
            _rows = row;
            token?.Enter(this, ticket.Line);
        }

        row.Add(ticket);
        Count++;
    }

    public void Remove(Ticket ticket)
    {
        var row = ticket.Row!;
        row.Remove(ticket);
        Count--;
        if (row.First is null)
        {
            DropRow(row);
            token?.Quit(this, row.Line);
        }
    }

    /// <summary>The first that waits in one of these lines.</summary>
    public Ticket? First(LineSet open)
    {
        Ticket? first = null;
        for (var row = _rows; row is not null; row = row.Other)
        {
            if (row.First is { } ticket && (first is null || ticket.Rank < first.Rank) && open.Has(row.Line))
                first = ticket;
        }

        return first;
    }

    /// <summary>How many came before that rank.</summary>
    public int CountUpTo(long rank)
    {
        var count = Count;
        for (var row = _rows; row is not null; row = row.Other)
        {
            for (var ticket = row.Last; ticket is not null && ticket.Rank > rank; ticket = ticket.Previous)
                count--;
        }

        return count;
    }

    /// <summary>All that wait in one of these lines, as they came.</summary>
    public IEnumerable<Ticket> InOrder(LineSet open)
    {
        var next = new List<Ticket>(1);
        for (var row = _rows; row is not null; row = row.Other)
        {
            if (open.Has(row.Line))
                next.Add(row.First!);
        }

        while (next.Count > 0)
        {
            var first = 0;
            for (var i = 1; i < next.Count; i++)
                first = next[i].Rank < next[first].Rank ? i : first;

            yield return next[first];
            if (next[first].Next is { } after)
                next[first] = after;
            else
                next.RemoveAt(first);
        }
    }

    private void DropRow(TicketRow row)
    {
        if (ReferenceEquals(_rows, row))
        {
            _rows = row.Other;
            return;
        }

        var before = _rows!;
        while (!ReferenceEquals(before.Other, row))
            before = before.Other!;

        before.Other = row.Other;
    }
}

/// <summary>What waits under one access token in one class; its callers take turns of one query.</summary>
internal sealed class TokenLane : TurnNode
{
    private readonly TurnRing<TokenLane> _ring;
    private int[] _callersIn = new int[1];   // by line: callers that have a query there

    /// <summary>Stands behind all others of the ring.</summary>
    public TokenLane(TurnRing<TokenLane> ring, QueryClass queryClass, string tokenId, int weight)
    {
        (_ring, Class, TokenId) = (ring, queryClass, tokenId);
        (Weight, Credit) = (weight, weight);
        ring.Join(this);
    }

    public QueryClass Class { get; }

    public string TokenId { get; }

    public TurnRing<CallerLane> Callers { get; } = new(isWeighted: false);

    public int Count { get; private set; }

    public void Weigh(int next)
    {
        Credit = CreditWith(next);
        Weight = next;
        _ring.Weigh(this, Credit, Weight);
    }

    /// <summary>A turn that has begun grows no longer by a new weight.</summary>
    public int CreditWith(int next) => Credit == Weight ? next : Math.Min(Credit, next);

    /// <summary>So much is left of its turn.</summary>
    public void Continue(int credit)
    {
        Credit = credit;
        _ring.Weigh(this, Credit, Weight);
    }

    public void Recount(int change)
    {
        Count += change;
        _ring.Recount(this, Count);
    }

    /// <summary>One of it goes: its caller's turn is over, and its own when all of it went.</summary>
    public void Serve(CallerLane lane)
    {
        Callers.Turn(lane);
        Credit--;
        if (Credit == 0)
        {
            Credit = Weight;
            _ring.Turn(this);
        }

        _ring.Weigh(this, Credit, Weight);
    }

    public void Enter(CallerLane lane, int line)
    {
        Callers.Enter(lane, line);
        if (line >= _callersIn.Length)
            Array.Resize(ref _callersIn, Math.Max(line + 1, 2 * _callersIn.Length));

        if (_callersIn[line]++ == 0)
            _ring.Enter(this, line);
    }

    public void Quit(CallerLane lane, int line)
    {
        Callers.Quit(lane, line);
        if (--_callersIn[line] == 0)
            _ring.Quit(this, line);
    }
}
