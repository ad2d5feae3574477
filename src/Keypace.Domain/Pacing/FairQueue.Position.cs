namespace Keypace.Domain.Pacing;

/// <summary>The exact place of a newcomer, counted without looking at those who wait one by one.</summary>
internal sealed partial class FairQueue
{
    /// <summary>
    /// How many go before such an arrival if it came now and nobody after it. O(tokens of the class + callers of the token), and with
    /// more than one class a twentieth of the position.
    /// </summary>
    public int PositionOf(in Arrival arrival)
    {
        if (arrival.Front)
        {
            _ = Before(_front, arrival.Order == 0 ? long.MaxValue : arrival.Order, out var before);
            return before;
        }

        return _front.Count + AmongClasses((int)arrival.Class, InClass(arrival));
    }

    /// <summary>Queries of the same class that go before it.</summary>
    private int InClass(in Arrival arrival)
    {
        var tokens = _tokens[(int)arrival.Class];
        if (!_tokenLanes.TryGetValue((arrival.Class, arrival.TokenId), out var mine))
        {
            return BeforeTurn(tokens, null, 0);
        }

        var ownBefore = BeforeInToken(mine, arrival);
        var credit = mine.CreditWith(arrival.Weight);
        var turn = ownBefore < credit ? 0 : 1 + ((ownBefore - credit) / arrival.Weight);
        return ownBefore + BeforeTurn(tokens, mine, turn);
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
                {
                    return position + before;
                }

                before -= run;
            }

            turns.Went(next, run, counts);
            counts[next] -= run;
            if (counts[next] == 0)
            {
                turns.Emptied(next);
            }

            position += run;
        }
    }

    /// <summary>Queries of the same token that go before a new one of this caller.</summary>
    private int BeforeInToken(TokenLane token, in Arrival arrival)
    {
        if (!_callerLanes.TryGetValue((arrival.Class, arrival.TokenId, arrival.Caller), out var mine))
        {
            return token.Callers.Count;   // a newcomer goes after one of each
        }

        var turn = mine.Tickets.Count;   // the new one goes in this turn of its caller, counted from 0
        var before = turn;
        var turns = turn + 1;            // callers ahead in the circle have had one turn more by then
        for (var (lane, left) = (token.Callers.Head!, token.Callers.Count); left > 0; (lane, left) = (lane.Next, left - 1))
        {
            if (ReferenceEquals(lane, mine))
            {
                turns = turn;
                continue;
            }

            before += Math.Min(lane.Tickets.Count, turns);
        }

        return before;
    }

    /// <summary>
    /// Queries of all other tokens that go before turn number <paramref name="turn"/> of <paramref name="mine"/> (null: a newcomer).
    /// </summary>
    private static int BeforeTurn(Ring<TokenLane> tokens, TokenLane? mine, int turn)
    {
        var before = 0;
        var turns = turn + 1;
        for (var (token, left) = (tokens.Head, tokens.Count); left > 0; (token, left) = (token!.Next, left - 1))
        {
            if (ReferenceEquals(token, mine))
            {
                turns = turn;
                continue;
            }

            before += turns == 0 ? 0 : (int)Math.Min(token!.Count, token.Credit + ((long)(turns - 1) * token.Weight));
        }

        return before;
    }
}
