namespace Keypace.Domain.Pacing;

/// <summary>What is to come: the exact place of a newcomer, counted without looking at those who wait one by one, and the order of all.</summary>
internal sealed partial class FairQueue
{
    /// <summary>
    /// How many go before such an arrival if it came now and nobody after it, and all lines were open. Adds up a number for each token of the
    /// class and each caller of the token, and with more than one class takes a twentieth of the position.
    /// </summary>
    public int PositionOf(in Arrival arrival) => arrival.Front
        ? _front.CountUpTo(arrival.Order == 0 ? long.MaxValue : arrival.Order)
        : _front.Count + AmongClasses((int)arrival.Class, InClass(arrival));

    /// <summary>
    /// All that wait, in the order in which they go if nothing else happens. Changes nothing; do not change the queue meanwhile.
    /// </summary>
    /// <param name="open">Only those in these lines; null: all.</param>
    public IEnumerable<Ticket> InOrder(LineSet? open = null)
    {
        open ??= LineSet.All;
        foreach (var ticket in _front.InOrder(open))
            yield return ticket;

        var (turns, waiting) = (_turns, default(ClassTurns.PerClass));
        var classes = Array.ConvertAll(_tokens, tokens => OrderOfService.Of(tokens, open).GetEnumerator());
        for (var i = 0; i < Classes; i++)
            waiting[i] = classes[i].MoveNext() ? 1 : 0;

        while (turns.Next(waiting) is >= 0 and var next)
        {
            yield return classes[next].Current;
            turns.Went(next, 1, waiting);
            if (!classes[next].MoveNext())
            {
                waiting[next] = 0;
                turns.Emptied(next);
            }
        }
    }

    /// <summary>The same line with stand-ins for its tickets, each in a line of its own choice, to play what is to come.</summary>
    internal FairQueue Copy(Func<Ticket, Ticket> standIn)
    {
        var copy = new FairQueue { _turns = _turns };
        foreach (var ticket in _front.InOrder(LineSet.All))
        {
            copy._front.Add(Copied(ticket, standIn));
            copy.Count++;
        }

        foreach (var token in _tokens.SelectMany(tokens => tokens.InOrder(LineSet.All)))
        {
            foreach (var lane in token.Callers.InOrder(LineSet.All))
            {
                var copied = copy.LaneFor(new Arrival(token.TokenId, lane.Caller, token.Weight, token.Class));
                foreach (var ticket in lane.InOrder(LineSet.All))
                {
                    copy.Add(Copied(ticket, standIn), copied);
                    copy.Count++;
                }

                copied.Token!.Continue(token.Credit);
            }
        }

        return copy;
    }

    private static Ticket Copied(Ticket ticket, Func<Ticket, Ticket> standIn)
    {
        var copied = standIn(ticket);
        copied.Rank = ticket.Rank;
        return copied;
    }

    /// <summary>Queries of the same class that go before it.</summary>
    private int InClass(in Arrival arrival)
    {
        var tokens = _tokens[(int)arrival.Class];
        if (!_tokenLanes.TryGetValue((arrival.Class, arrival.TokenId), out var mine))
            return tokens.Before(null, 0);

        var ownBefore = BeforeInToken(mine, arrival);
        var credit = mine.CreditWith(arrival.Weight);
        var turn = ownBefore < credit ? 0 : 1 + ((ownBefore - credit) / arrival.Weight);
        return ownBefore + tokens.Before(mine, turn);
    }

    /// <summary>How many of all classes go before one that has so many of its own before it.</summary>
    private int AmongClasses(int own, int before)
    {
        var (counts, turns, position) = (_counts, _turns, 0);
        counts[own]++;
        while (true)
        {
            var next = turns.Next(counts);
            var run = turns.Run(next, counts);
            if (next == own)
            {
                if (before < run)
                    return position + before;

                before -= run;
            }

            turns.Went(next, run, counts);
            counts[next] -= run;
            if (counts[next] == 0)
                turns.Emptied(next);

            position += run;
        }
    }

    /// <summary>Queries of the same token that go before a new one of this caller.</summary>
    private int BeforeInToken(TokenLane token, in Arrival arrival) =>
        _callerLanes.TryGetValue((arrival.Class, arrival.TokenId, arrival.Caller), out var mine)
            ? mine.Count + token.Callers.Before(mine, mine.Count)   // the new one goes in this turn of its caller, counted from 0
            : token.Callers.Before(null, 0);                        // a newcomer goes after one of each
}
