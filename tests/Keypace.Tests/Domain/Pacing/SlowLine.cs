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
            return null;

        var which = NextClass(_classes.Select(tokens => tokens.Count > 0).ToArray());
        var waiting = _classes.Select(tokens => tokens.Count > 0).ToArray();
        var served = ServeFrom(_classes[which], _ => true);
        Went(which, waiting);
        return served;
    }

    /// <summary>The first in this order that may go.</summary>
    public PlainTicket? Dequeue(Func<PlainTicket, bool> may)
    {
        if (_front.Find(ticket => may(ticket)) is { } back)
        {
            _front.Remove(back);
            return back;
        }

        var able = _classes.Select(tokens => tokens.Exists(token => token.Callers.Exists(caller => caller.Tickets.Exists(ticket => may(ticket))))).ToArray();
        if (!able.Contains(true))
            return null;

        var which = NextClass(able);
        var waiting = _classes.Select(tokens => tokens.Count > 0).ToArray();
        var served = ServeFrom(_classes[which], may);
        Went(which, waiting);
        return served;
    }

    /// <summary>
    /// A lower class goes when it could not have one of any twenty-one permits otherwise: when twenty went without it, or nineteen without both of
    /// two, of which then the one that waits longer. Else the highest that waits.
    /// </summary>
    private int NextClass(bool[] able)
    {
        var lower = new[] { 1, 2 }.Where(which => able[which]).OrderByDescending(which => _passed[which]).ToArray();
        var isDue = lower.Length > 0 && (_passed[lower[0]] >= 20 || (lower.Length == 2 && _passed[lower[1]] >= 19));
        return isDue ? lower[0] : Array.IndexOf(able, true);
    }

    private void Went(int which, bool[] waiting)
    {
        for (var other = 1; other < 3; other++)
            _passed[other] += other != which && waiting[other] ? 1 : 0;

        _passed[which] = 0;
        for (var i = 0; i < 3; i++)
            _passed[i] = _classes[i].Count == 0 ? 0 : _passed[i];
    }

    private static PlainTicket ServeFrom(List<Token> tokens, Func<PlainTicket, bool> may)
    {
        var token = tokens.First(token => token.Callers.Exists(caller => caller.Tickets.Exists(ticket => may(ticket))));
        var caller = token.Callers.First(caller => caller.Tickets.Exists(ticket => may(ticket)));
        var ticket = caller.Tickets.First(may);
        caller.Tickets.Remove(ticket);
        token.Callers.Remove(caller);
        if (caller.Tickets.Count > 0)
            token.Callers.Add(caller);

        token.Left--;
        if (token.Callers.Count == 0)
        {
            tokens.Remove(token);
        }
        else if (token.Left == 0)
        {
            token.Left = token.Weight;
            tokens.Remove(token);
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
            _passed[i] = _classes[i].Count == 0 ? 0 : _passed[i];
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
            yield return ticket;
    }

    public IEnumerable<PlainTicket> Drain(Func<PlainTicket, bool> may)
    {
        // Those who may not go do not wait as far as this order is concerned.
        var all = _classes.SelectMany(tokens => tokens).SelectMany(token => token.Callers).SelectMany(caller => caller.Tickets).Concat(_front).ToArray();
        Array.ForEach(Array.FindAll(all, ticket => !may(ticket)), Remove);
        return Drain();
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
