namespace Keypace.Domain.Pacing;

/// <summary>
/// Who goes next: first the queries that come back, then by class, where a lower one that was passed often enough gets a turn between
/// (<see cref="ClassTurns"/>); within a class the access tokens take turns as long as their weight (deficit round robin with queries of cost
/// one), within a token its callers take turns of one, within a caller first come, first served. Whoever has nothing waiting joins behind
/// the others and so waits for at most one turn of each. Enqueue, dequeue and removal are O(1).
/// </summary>
internal sealed partial class FairQueue
{
    private const int Classes = ClassTurns.Classes;

    private readonly TicketRow _front = new();
    private readonly Ring<TokenLane>[] _tokens = [new(), new(), new()];
    private readonly Dictionary<(QueryClass Class, string TokenId), TokenLane> _tokenLanes = [];
    private readonly Dictionary<(QueryClass Class, string TokenId, string Caller), CallerLane> _callerLanes = [];
    private ClassTurns.PerClass _counts;
    private ClassTurns _turns;

    public int Count { get; private set; }

    /// <summary>How many wait of one caller, over all classes, without those that came back.</summary>
    public int CountOf(string tokenId, string caller)
    {
        var count = 0;
        for (var i = 0; i < Classes; i++)
        {
            count += _callerLanes.TryGetValue(((QueryClass)i, tokenId, caller), out var lane) ? lane.Tickets.Count : 0;
        }

        return count;
    }

    /// <summary>Puts a ticket in line; its token, caller and order must be set.</summary>
    internal void Enqueue(Ticket ticket, in Arrival arrival)
    {
        Count++;
        if (arrival.Front)
        {
            _front.AddAfter(Before(_front, ticket.Order, out _), ticket);
            return;
        }

        var lane = LaneFor(arrival);
        lane.Tickets.AddAfter(Before(lane.Tickets, ticket.Order, out _), ticket);   // one that comes from another line was here before some
        ticket.Lane = lane;
        lane.Token.Count++;
        _counts[(int)lane.Token.Class]++;
    }

    internal Ticket? Dequeue()
    {
        if (_front.First is { } back)
        {
            _front.Remove(back);
            Count--;
            return back;
        }

        if (_turns.Next(_counts) is var next && next < 0)
        {
            return null;
        }

        _turns.Went(next, 1, _counts);
        var tokens = _tokens[next];
        var token = tokens.Head!;
        var ticket = token.Callers.Head!.Tickets.First!;
        token.Callers.Turn();
        if (--token.Credit == 0)
        {
            token.Credit = token.Weight;
            tokens.Turn();
        }

        Remove(ticket);
        return ticket;
    }

    /// <summary>Who would go next; null when nobody waits.</summary>
    internal Ticket? Peek() =>
        _front.First ?? (_turns.Next(_counts) is >= 0 and var next ? _tokens[next].Head!.Callers.Head!.Tickets.First : null);

    /// <summary>Takes a ticket out of the line, wherever it stands.</summary>
    internal void Remove(Ticket ticket)
    {
        Count--;
        if (ticket.Lane is not { } lane)
        {
            _front.Remove(ticket);
            return;
        }

        var token = lane.Token;
        lane.Tickets.Remove(ticket);
        ticket.Lane = null;
        token.Count--;
        _counts[(int)token.Class]--;
        if (lane.Tickets.Count == 0)
        {
            token.Callers.Leave(lane);
            _callerLanes.Remove((token.Class, token.TokenId, lane.Caller));
        }

        if (token.Count == 0)
        {
            _tokens[(int)token.Class].Leave(token);
            _tokenLanes.Remove((token.Class, token.TokenId));
        }

        if (_counts[(int)token.Class] == 0)
        {
            _turns.Emptied((int)token.Class);
        }
    }

    /// <summary>
    /// All that wait, in the order in which they go if nothing else happens. Changes nothing; do not change the queue meanwhile.
    /// </summary>
    public IEnumerable<Ticket> InOrder()
    {
        for (var ticket = _front.First; ticket is not null; ticket = ticket.Next)
        {
            yield return ticket;
        }

        var (counts, turns) = (_counts, _turns);
        var classes = Array.ConvertAll(_tokens, tokens => OrderOfService.Of(tokens).GetEnumerator());
        while (turns.Next(counts) is >= 0 and var next)
        {
            turns.Went(next, 1, counts);
            if (--counts[next] == 0)
            {
                turns.Emptied(next);
            }

            classes[next].MoveNext();
            yield return classes[next].Current;
        }
    }

    private CallerLane LaneFor(in Arrival arrival)
    {
        if (!_tokenLanes.TryGetValue((arrival.Class, arrival.TokenId), out var token))
        {
            token = new TokenLane(arrival.Class, arrival.TokenId, arrival.Weight);
            _tokenLanes.Add((arrival.Class, arrival.TokenId), token);
            _tokens[(int)arrival.Class].Join(token);
        }
        else if (token.Weight != arrival.Weight)
        {
            token.Weigh(arrival.Weight);
        }

        if (!_callerLanes.TryGetValue((arrival.Class, arrival.TokenId, arrival.Caller), out var lane))
        {
            lane = new CallerLane(token, arrival.Caller);
            _callerLanes.Add((arrival.Class, arrival.TokenId, arrival.Caller), lane);
            token.Callers.Join(lane);
        }

        return lane;
    }

    /// <summary>
    /// Those that come back, or from another line, keep the order in which they first came; they are few and mostly come in order, so a walk from the end does.
    /// </summary>
    private static Ticket? Before(TicketRow row, long order, out int before)
    {
        var ticket = row.Last;
        for (before = row.Count; ticket is not null && ticket.Order > order; before--)
        {
            ticket = ticket.Previous;
        }

        return ticket;
    }
}
