namespace Keypace.Domain.Pacing;

/// <summary>Tickets in a row. Every ticket is in at most one.</summary>
internal sealed class TicketRow
{
    public Ticket? First { get; private set; }

    public Ticket? Last { get; private set; }

    public int Count { get; private set; }

    public void AddLast(Ticket ticket) => AddAfter(Last, ticket);

    /// <summary>Null puts it first.</summary>
    public void AddAfter(Ticket? before, Ticket ticket)
    {
        var after = before is null ? First : before.Next;
        (ticket.Previous, ticket.Next) = (before, after);
        if (before is null)
        {
            First = ticket;
        }
        else
        {
            before.Next = ticket;
        }

        if (after is null)
        {
            Last = ticket;
        }
        else
        {
            after.Previous = ticket;
        }

        Count++;
    }

    public void Remove(Ticket ticket)
    {
        if (ticket.Previous is null)
        {
            First = ticket.Next;
        }
        else
        {
            ticket.Previous.Next = ticket.Next;
        }

        if (ticket.Next is null)
        {
            Last = ticket.Previous;
        }
        else
        {
            ticket.Next.Previous = ticket.Previous;
        }

        (ticket.Previous, ticket.Next) = (null, null);
        Count--;
    }
}

/// <summary>Whose turn it is, in a circle. <see cref="Head"/> is served next; a newcomer joins behind everybody else.</summary>
internal sealed class Ring<T>
    where T : RingNode<T>
{
    public T? Head { get; private set; }

    public int Count { get; private set; }

    public void Join(T node)
    {
        if (Head is null)
        {
            (node.Next, node.Previous) = (node, node);
            Head = node;
        }
        else
        {
            (node.Next, node.Previous) = (Head, Head.Previous);
            Head.Previous.Next = node;
            Head.Previous = node;
        }

        Count++;
    }

    public void Leave(T node)
    {
        node.Previous.Next = node.Next;
        node.Next.Previous = node.Previous;
        if (ReferenceEquals(Head, node))
        {
            Head = Count == 1 ? null : node.Next;
        }

        Count--;
    }

    public void Turn() => Head = Head!.Next;
}

internal abstract class RingNode<T>
    where T : RingNode<T>
{
    public T Next { get; set; } = null!;

    public T Previous { get; set; } = null!;
}

/// <summary>What waits of one caller under one access token in one class; first come, first served.</summary>
internal sealed class CallerLane(TokenLane token, string caller) : RingNode<CallerLane>
{
    public TokenLane Token => token;

    public string Caller => caller;

    public TicketRow Tickets { get; } = new();
}

/// <summary>What waits under one access token in one class; its callers take turns of one query.</summary>
internal sealed class TokenLane(QueryClass queryClass, string tokenId, int weight) : RingNode<TokenLane>
{
    public QueryClass Class => queryClass;

    public string TokenId => tokenId;

    public Ring<CallerLane> Callers { get; } = new();

    public int Count { get; set; }

    /// <summary>Queries a turn.</summary>
    public int Weight { get; private set; } = weight;

    /// <summary>Queries left in the turn that runs or comes next.</summary>
    public int Credit { get; set; } = weight;

    public void Weigh(int next)
    {
        Credit = CreditWith(next);
        Weight = next;
    }

    /// <summary>A turn that has begun grows no longer by a new weight.</summary>
    public int CreditWith(int next) => Credit == Weight ? next : Math.Min(Credit, next);
}
