namespace Keypace.Domain.Pacing;

/// <summary>Plays the turns of one class forward without taking anybody out of the line.</summary>
internal static class OrderOfService
{
    /// <param name="open">Only those that wait in one of these lines.</param>
    public static IEnumerable<Ticket> Of(TurnRing<TokenLane> tokens, LineSet open)
    {
        var circle = new Queue<TokenCursor>(tokens.Count);
        foreach (var token in tokens.InOrder(open))
            circle.Enqueue(new TokenCursor(token, open));

        while (circle.TryDequeue(out var token))
        {
            var credit = token.StartTurn();
            var ticket = token.Take();
            for (; ticket is not null; ticket = --credit > 0 ? token.Take() : null)
                yield return ticket;

            if (token.HasMore)
                circle.Enqueue(token);
        }
    }

    private sealed class TokenCursor(TokenLane token, LineSet open)
    {
        private Queue<IEnumerator<Ticket>>? _callers;   // in turn, each at its next ticket
        private bool _begun;

        public bool HasMore => _callers is null || _callers.Count > 0;

        public int StartTurn()
        {
            var credit = _begun ? token.Weight : token.Credit;
            _begun = true;
            return credit;
        }

        /// <summary>Null when nothing is left.</summary>
        public Ticket? Take()
        {
            _callers ??= Callers();
            if (!_callers.TryDequeue(out var caller))
                return null;

            var ticket = caller.Current;
            if (caller.MoveNext())
                _callers.Enqueue(caller);

            return ticket;
        }

        private Queue<IEnumerator<Ticket>> Callers()
        {
            var callers = new Queue<IEnumerator<Ticket>>(token.Callers.Count);
            foreach (var lane in token.Callers.InOrder(open))
            {
                var tickets = lane.InOrder(open).GetEnumerator();
                if (tickets.MoveNext())
                    callers.Enqueue(tickets);
            }

            return callers;
        }
    }
}
