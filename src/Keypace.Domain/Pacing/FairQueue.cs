namespace Keypace.Domain.Pacing;

/// <summary>
/// Who goes next: first the queries that come back, then by class, where a lower one that was passed often enough gets a turn between
/// (<see cref="ClassTurns"/>); within a class the access tokens take turns as long as their weight (deficit round robin with queries of cost
/// one), within a token its callers take turns of one, within a caller first come, first served. Whoever has nothing waiting joins behind
/// the others and so waits for at most one turn of each. Queries that wait for different limits stand in different lines
/// (<see cref="Ticket.Line"/>): who goes is the first in this order whose line is open, found without walking past the others; a turn
/// that cannot be used is not lost. Enqueue, dequeue and removal do not grow with the number of queries.
/// </summary>
internal sealed partial class FairQueue
{
    private const int Classes = ClassTurns.Classes;

    private readonly CallerLane _front = new(null, "");
    private readonly TurnRing<TokenLane>[] _tokens = [new(isWeighted: true), new(isWeighted: true), new(isWeighted: true)];
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
            count += _callerLanes.TryGetValue(((QueryClass)i, tokenId, caller), out var lane) ? lane.Count : 0;

        return count;
    }

    /// <summary>Puts a ticket in line; its token, caller, order and line must be set.</summary>
    internal void Enqueue(Ticket ticket, in Arrival arrival)
    {
        Count++;
        ticket.Rank = ticket.Order;   // one that comes back, or from another rate group, was here before some
        if (arrival.Front)
        {
            _front.Add(ticket);
            return;
        }

        Add(ticket, LaneFor(arrival));
    }

    internal Ticket? Dequeue() => Dequeue(LineSet.All);

    /// <summary>Takes the first whose line is open; null when there is none.</summary>
    internal Ticket? Dequeue(LineSet open)
    {
        var ticket = First(open);
        if (ticket is not null)
            Serve(ticket);

        return ticket;
    }

    internal Ticket? Peek() => First(LineSet.All);

    /// <summary>The first whose line is open; null when there is none.</summary>
    internal Ticket? First(LineSet open)
    {
        if (_front.Count > 0 && _front.First(open) is { } back)
            return back;

        var counts = _counts;
        while (_turns.Next(counts) is >= 0 and var next)
        {
            if (_tokens[next].First(open) is { } token)
                return token.Callers.First(open)!.First(open);

            counts[next] = 0;   // all of that class wait for something
        }

        return null;
    }

    /// <summary>It goes: takes it out of the line, and the turns of its class, token and caller with it.</summary>
    internal void Serve(Ticket ticket)
    {
        if (ticket.Row!.Lane is { Token: { } token } lane)
        {
            _turns.Went((int)token.Class, 1, _counts);
            token.Serve(lane);
        }

        Remove(ticket);
    }

    /// <summary>Takes a ticket out of the line, wherever it stands; nobody's turn is over.</summary>
    internal void Remove(Ticket ticket)
    {
        Count--;
        var lane = ticket.Row!.Lane;
        lane.Remove(ticket);
        if (lane.Token is not { } token)
            return;

        token.Recount(-1);
        _counts[(int)token.Class]--;
        if (lane.Count == 0)
        {
            token.Callers.Leave(lane);
            _callerLanes.Remove((token.Class, token.TokenId, lane.Caller));
        }
        else
        {
            token.Callers.Recount(lane, lane.Count);
        }

        if (token.Count == 0)
        {
            _tokens[(int)token.Class].Leave(token);
            _tokenLanes.Remove((token.Class, token.TokenId));
        }

        if (_counts[(int)token.Class] == 0)
            _turns.Emptied((int)token.Class);
    }

    /// <summary>Lines have changed: each ticket gets its own anew, and stays where it is.</summary>
    internal void Reline(Action<Ticket> setLine)
    {
        foreach (var lane in _callerLanes.Values.Append(_front))
        {
            var tickets = lane.InOrder(LineSet.All).ToArray();
            Array.ForEach(tickets, lane.Remove);
            foreach (var ticket in tickets)
            {
                setLine(ticket);
                lane.Add(ticket);
            }
        }
    }

    /// <summary>A would go before B if both could go.</summary>
    internal static bool IsBefore(Ticket a, Ticket b)
    {
        var (first, second) = (a.Row!.Lane, b.Row!.Lane);
        return ReferenceEquals(first, second) ? a.Rank < b.Rank
            : first.Token is null || second.Token is null ? first.Token is null
            : ReferenceEquals(first.Token, second.Token) ? first.Place < second.Place
            : first.Token.Class != second.Token.Class ? first.Token.Class < second.Token.Class
            : first.Token.Place < second.Token.Place;
    }

    private void Add(Ticket ticket, CallerLane lane)
    {
        var token = lane.Token!;
        lane.Add(ticket);
        token.Callers.Recount(lane, lane.Count);
        token.Recount(1);
        _counts[(int)token.Class]++;
    }

    private CallerLane LaneFor(in Arrival arrival)
    {
        if (!_tokenLanes.TryGetValue((arrival.Class, arrival.TokenId), out var token))
        {
            token = new TokenLane(_tokens[(int)arrival.Class], arrival.Class, arrival.TokenId, arrival.Weight);
            _tokenLanes.Add((arrival.Class, arrival.TokenId), token);
        }
        else if (token.Weight != arrival.Weight)
        {
            token.Weigh(arrival.Weight);
        }

        if (!_callerLanes.TryGetValue((arrival.Class, arrival.TokenId, arrival.Caller), out var lane))
        {
            lane = new CallerLane(token, arrival.Caller);
            token.Callers.Join(lane);
            _callerLanes.Add((arrival.Class, arrival.TokenId, arrival.Caller), lane);
        }

        return lane;
    }
}
