namespace Keypace.Domain.Pacing;

/// <summary>Plays the turns of one class forward without taking anybody out of the line.</summary>
internal static class OrderOfService
{
    public static IEnumerable<Ticket> Of(Ring<TokenLane> tokens)
    {
        var circle = new Queue<TokenCursor>(tokens.Count);
        for (var (token, left) = (tokens.Head, tokens.Count); left > 0; (token, left) = (token!.Next, left - 1))
        {
            circle.Enqueue(new TokenCursor(token!));
        }

        while (circle.TryDequeue(out var token))
        {
            for (var credit = token.StartTurn(); credit > 0 && token.Left > 0; credit--)
            {
                yield return token.Take();
            }

            if (token.Left > 0)
            {
                circle.Enqueue(token);
            }
        }
    }

    private sealed class TokenCursor(TokenLane token)
    {
        private Queue<Ticket>? _next;   // of each caller, in turn
        private bool _begun;

        public int Left { get; private set; } = token.Count;

        public int StartTurn()
        {
            var credit = _begun ? token.Weight : token.Credit;
            _begun = true;
            return credit;
        }

        public Ticket Take()
        {
            _next ??= Callers();
            var ticket = _next.Dequeue();
            Left--;
            if (ticket.Next is { } after)
            {
                _next.Enqueue(after);
            }

            return ticket;
        }

        private Queue<Ticket> Callers()
        {
            var next = new Queue<Ticket>(token.Callers.Count);
            for (var (lane, left) = (token.Callers.Head, token.Callers.Count); left > 0; (lane, left) = (lane!.Next, left - 1))
            {
                next.Enqueue(lane!.Tickets.First!);
            }

            return next;
        }
    }
}
