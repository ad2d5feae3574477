using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>The rules of the fair line with plain lists, slow and easy to believe.</summary>
internal sealed class SlowLine
{
    private readonly List<PlainTicket> _front = [];
    private readonly List<Token>[] _classes = [[], [], []];
    private readonly int[] _passed = [0, 0, 0];

    public void Enqueue(PlainTicket ticket, in Arrival arrival)
    {
        if (arrival.Front)
        {
            var order = arrival.Order;
            var place = _front.FindIndex(other => other.Order > order);
            _front.Insert(place < 0 ? _front.Count : place, ticket);
            return;
        }

        var (tokenId, caller, weight) = (arrival.TokenId, arrival.Caller, arrival.Weight);
        var tokens = _classes[(int)arrival.Class];
        var token = tokens.Find(token => token.Id == tokenId);
        if (token is null)
        {
            token = new Token { Id = tokenId, Weight = weight, Left = weight };
            tokens.Add(token);
        }
        else
        {
            token.Left = token.Left == token.Weight ? weight : Math.Min(token.Left, weight);
            token.Weight = weight;
        }

        var own = token.Callers.Find(own => own.Name == caller);
        if (own is null)
        {
            own = new Caller { Name = caller };
            token.Callers.Add(own);
        }

        own.Tickets.Add(ticket);
    }

    public PlainTicket? Dequeue()
    {
        if (_front.Count > 0)
        {
            var back = _front[0];
            _front.RemoveAt(0);
            return back;
        }

        if (_classes.All(tokens => tokens.Count == 0))
        {
            return null;
        }

        // A class that twenty of higher ones have passed is due; the higher of two that are due; else the highest that waits.
        var which = Array.FindIndex(_passed, passed => passed >= 20);
        which = which >= 0 ? which : Array.FindIndex(_classes, tokens => tokens.Count > 0);
        var served = ServeFrom(_classes[which]);
        for (var lower = which + 1; lower < 3; lower++)
        {
            _passed[lower] += _classes[lower].Count > 0 ? 1 : 0;
        }

        _passed[which] = 0;
        return served;
    }

    private static PlainTicket ServeFrom(List<Token> tokens)
    {
        var token = tokens[0];
        var caller = token.Callers[0];
        var ticket = caller.Tickets[0];
        caller.Tickets.RemoveAt(0);
        token.Callers.RemoveAt(0);
        if (caller.Tickets.Count > 0)
        {
            token.Callers.Add(caller);
        }

        token.Left--;
        if (token.Callers.Count == 0)
        {
            tokens.RemoveAt(0);
        }
        else if (token.Left == 0)
        {
            token.Left = token.Weight;
            tokens.RemoveAt(0);
            tokens.Add(token);
        }

        return ticket;
    }

    public void Remove(PlainTicket ticket)
    {
        _front.Remove(ticket);
        foreach (var tokens in _classes)
        {
            tokens.ForEach(token => token.Callers.ForEach(caller => caller.Tickets.Remove(ticket)));
            tokens.ForEach(token => token.Callers.RemoveAll(caller => caller.Tickets.Count == 0));
            tokens.RemoveAll(token => token.Callers.Count == 0);
        }

        for (var i = 0; i < 3; i++)
        {
            _passed[i] = _classes[i].Count == 0 ? 0 : _passed[i];
        }
    }

    public int PositionOf(PlainTicket ticket, in Arrival arrival)
    {
        var copy = Copy();
        copy.Enqueue(ticket, arrival);
        return copy.Drain().TakeWhile(other => !ReferenceEquals(other, ticket)).Count();
    }

    public IEnumerable<PlainTicket> Drain()
    {
        while (Dequeue() is { } ticket)
        {
            yield return ticket;
        }
    }

    public SlowLine Copy()
    {
        var copy = new SlowLine();
        copy._front.AddRange(_front);
        for (var i = 0; i < _classes.Length; i++)
        {
            copy._classes[i].AddRange(_classes[i].Select(token => token.Copy()));
            copy._passed[i] = _passed[i];
        }

        return copy;
    }

    private sealed class Token
    {
        public required string Id { get; init; }

        public required int Weight { get; set; }

        public required int Left { get; set; }

        public List<Caller> Callers { get; init; } = [];

        public Token Copy() => new()
        {
            Id = Id,
            Weight = Weight,
            Left = Left,
            Callers = [.. Callers.Select(caller => new Caller { Name = caller.Name, Tickets = [.. caller.Tickets] })],
        };
    }

    private sealed class Caller
    {
        public required string Name { get; init; }

        public List<PlainTicket> Tickets { get; init; } = [];
    }
}
