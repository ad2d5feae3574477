using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>
/// One random life of a pacer with several limits at once. Keeps plain lists of what was sent and used, and checks every limit against them
/// whenever something goes: nothing in common with how the pacer counts. Its limits may come, go and change meanwhile; what it has to know then
/// of the time before is kept in the same plain way.
/// </summary>
internal sealed class QuotaTrace
{
    private const long Second = SendWindow.Second;

    private readonly Random _chance;
    private readonly int _seed;
    private readonly RateLimit _limit;
    private readonly List<Ruled> _ever = [];   // every limit that ruled, and those that rule
    private readonly bool _changes;
    private Quota[] _quotas;
    private readonly Pacer _pacer;
    private readonly List<Query> _all = [];
    private readonly List<Ticket> _changed = [];
    private readonly bool _settlesLower;
    private long _now;
    private long _next;   // what the host would sleep until

    /// <param name="changes">Limits come, go and change.</param>
    public QuotaTrace(int seed, bool changes = false)
    {
        _changes = changes;
        (_seed, _chance) = (seed, new Random(seed));
        _limit = new RateLimit(1 + _chance.Next(30), 1 + _chance.Next(20));
        _settlesLower = _chance.Next(2) == 0;
        _quotas = [.. Enumerable.Range(0, 1 + _chance.Next(3)).Select(_ => AnyQuota())];
        _pacer = new Pacer(_limit, 0, new QueueBounds(1000, 1000));
        _pacer.ChangeQuotas(_quotas, DateTimeOffset.UnixEpoch, 0);
        _ever.AddRange(_quotas.Select(quota => new Ruled(quota, 0)));
    }

    public int Changes { get; private set; }

    public int Sends { get; private set; }

    public int LongestBlocked { get; private set; }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            for (var i = _chance.Next(4); i > 0; i--)
                Arrive();

            foreach (var query in _all.Where(query => query.State == TicketState.Granted && _chance.Next(3) != 0).ToArray())
                Use(query);

            foreach (var query in _all.Where(query => query is { State: TicketState.Sent, HasEnded: false } && _chance.Next(4) == 0))
                End(query);

            if (_changes && _chance.Next(6) == 0)
                Change();

            if (_chance.Next(6) == 0 && _all.FindLast(query => query.State == TicketState.Waiting) is { } leaving)
                Assert.True(_pacer.GiveBack(leaving));

            var next = _pacer.NextEvent(_now);
            Assert.True(next >= _now, $"An event in the past, {this}.");
            _next = next;
            _now = _chance.Next(3) switch
            {
                0 when next < long.MaxValue => next,
                1 => _now + _chance.NextInt64(Second),
                _ => _now + _chance.NextInt64(_limit.Seconds * Second / _limit.Count),
            };
            Step();
            Assert.True(_now >= _next || _changed.Count == 0, $"Something happened before it was to be expected: a host would have slept, {this}.");
        }

        Finish();
    }

    public override string ToString() => $"seed {_seed}, {_limit}, {string.Join("; ", _quotas.Select(quota => $"{quota.Dimension} {quota.Limit}/{quota.Seconds} {quota.Model}"))}";

    private Quota AnyQuota()
    {
        var dimension = (QuotaDimension)_chance.Next(5);
        var model = _chance.Next(3) == 0 ? "a" : null;
        return dimension switch
        {
            QuotaDimension.Concurrent => new Quota(dimension, 1 + _chance.Next(6), Model: model),
            QuotaDimension.Requests => new Quota(dimension, 1 + _chance.Next(40), 1 + _chance.Next(60), Model: model),
            _ => new Quota(dimension, 20 + _chance.Next(300), 1 + _chance.Next(30), Model: model),
        };
    }

    /// <summary>One limit more or less, one of before again, one narrowed, or one with another number or interval.</summary>
    private void Change()
    {
        var quotas = _quotas.ToList();
        var one = quotas.Count == 0 ? -1 : _chance.Next(quotas.Count);
        switch (_chance.Next(6))
        {
            case 0:
                quotas.Add(AnyQuota());
                break;
            case 1:
                quotas.Add(_ever[_chance.Next(_ever.Count)].Quota);
                break;
            case 2 when one >= 0:
                quotas.RemoveAt(one);
                break;
            case 3 when one >= 0 && quotas[one].Seconds > 1:
                quotas[one] = quotas[one] with { Seconds = quotas[one].Seconds + _chance.Next(-1, 2) };
                break;
            case 4 when one >= 0:
                quotas[one] = quotas[one] with { Model = quotas[one].Model is null ? "a" : null };
                break;
            case 5 when one >= 0:
                quotas[one] = quotas[one] with { Limit = Math.Max(1, quotas[one].Limit * _chance.Next(5, 16) / 10) };
                break;
        }

        _quotas = [.. quotas.DistinctBy(quota => (quota.Dimension, quota.Seconds, quota.Model)).Take(4)];
        foreach (var quota in _quotas)
        {
            if (!_ever.Exists(ruled => ruled.CountsLike(quota)))
                _ever.Add(new Ruled(quota, KnownSince(quota)));
        }

        _pacer.ChangeQuotas(_quotas, DateTimeOffset.UnixEpoch, _now);
        Changes++;
        Step();
    }

    /// <summary>What limits that count the same, or the same among other things, have known so far.</summary>
    private long KnownSince(Quota quota) => _ever
        .Where(ruled => ruled.Quota.Dimension == quota.Dimension && (ruled.Quota.Model is null || ruled.Quota.Model == quota.Model))
        .Select(ruled => Math.Max(_now - (ruled.Quota.Seconds * Second), ruled.KnownSince))
        .Append(quota.Dimension == QuotaDimension.Requests ? _now - (_limit.Seconds * Second) : _now)
        .Min();

    private void Arrive()
    {
        var need = new QueryNeed(_chance.Next(2) == 0 ? "a" : "b", _chance.Next(20), _chance.Next(_chance.Next(5) == 0 ? 200 : 20));
        var query = new Query { Need = need, Name = _all.Count };
        var arrival = new Arrival($"t{_chance.Next(3)}", "", Need: need);
        var foretold = _pacer.Expect(arrival, _now);
        var tooLarge = _quotas.FirstOrDefault(quota => Takes(quota, need) > quota.Limit);
        var end = _pacer.Enqueue(query, arrival, _now);
        Assert.True(end == EntryEnd.TooLarge == tooLarge is not null, $"Too large or not, {this}.");
        if (end == EntryEnd.TooLarge)
        {
            Assert.Contains(_quotas, quota => quota == query.BoundBy && Takes(quota, need) > quota.Limit);
            Assert.Equal(long.MaxValue, foretold.ExpectedStart);
            return;
        }

        Assert.True(foretold == (query.Position, query.ExpectedStart), $"Told {foretold} and then {(query.Position, query.ExpectedStart)}, {this}.");

        _all.Add(query);
        if (end == EntryEnd.Granted)
            CheckAt(query);

        Step();
    }

    private void Step()
    {
        _changed.Clear();
        _pacer.Advance(_now, _changed);
        foreach (var query in _changed.Cast<Query>().Where(query => query.State == TicketState.Granted))
            CheckAt(query);

        LongestBlocked = Math.Max(LongestBlocked, _all.Max(query => (int?)query.Passed) ?? 0);
        Assert.True(
            _pacer.Waiting == 0 || _pacer.NextEvent(_now) > _now || _pacer.Outstanding >= _limit.Count, $"A step left something undone, {this}.");
    }

    /// <summary>Every limit allows what was just granted, permits that are out counted as sent now.</summary>
    private void CheckAt(Query granted)
    {
        granted.HasPermit = true;
        Assert.True(_all.Count(query => query.HasPermit && query.CountsAt(_now, _limit.Seconds)) <= _limit.Count, $"The rate limit, {this}.");
        foreach (var quota in _quotas.Where(quota => !_changes || Takes(quota, granted.Used) > 0))   // else a limit that was lowered may be over
        {
            var since = _ever.Find(ruled => ruled.CountsLike(quota))!.KnownSince;
            var used = _all.Where(query => query.HasPermit).Sum(query =>
                quota.Dimension == QuotaDimension.Concurrent
                    ? query.HasEnded ? 0 : Takes(quota, query.Need)
                    : query.CountsAt(_now, quota.Seconds) && query.At > since ? Takes(quota, query.Used) : 0);
            var most = Math.Max(quota.Limit, _changes ? Takes(quota, granted.Used) : 0);   // one larger than a limit of today goes when that is whole
            Assert.True(used <= most, $"{used} of {quota.Dimension} {quota.Limit}/{quota.Seconds} {quota.Model}, {this}.");
        }
    }

    private void Use(Query query)
    {
        if (_chance.Next(8) == 0)
        {
            Assert.True(_pacer.GiveBack(query));
            query.HasPermit = false;
            return;
        }

        _pacer.Sent(query, _now);
        query.At = _now;
        Sends++;
    }

    private void End(Query query)
    {
        query.HasEnded = true;
        _pacer.Ended(query);
        _pacer.Ended(query);
        if (_settlesLower && _chance.Next(2) == 0)
        {
            query.Used = query.Need with { OutputTokens = query.Need.OutputTokens / 2 };
            _pacer.Settle(query, query.Used.InputTokens, query.Used.OutputTokens, _now);
        }
    }

    /// <summary>Everything that was taken is there again when all is over.</summary>
    private void Finish()
    {
        foreach (var query in _all.Where(query => query.State is TicketState.Granted or TicketState.Waiting))
            Assert.True(_pacer.GiveBack(query));

        foreach (var query in _all.Where(query => query is { State: TicketState.Sent, HasEnded: false }))
            _pacer.Ended(query);

        var later = _now + (200 * Second);
        Assert.All(_pacer.QuotasAt(later), use => Assert.Equal((0, later), (use.Used, use.FreeAt)));
        Assert.True(_pacer.IsIdle(later), $"Not idle, {this}.");
    }

    private static long Takes(Quota quota, QueryNeed need) => quota.Model is not null && quota.Model != need.Model ? 0 : quota.Dimension switch
    {
        QuotaDimension.Requests or QuotaDimension.Concurrent => 1,
        QuotaDimension.InputTokens => need.InputTokens,
        QuotaDimension.OutputTokens => need.OutputTokens,
        _ => need.InputTokens + need.OutputTokens,
    };

    /// <param name="KnownSince">Tick after which all that it counts is known.</param>
    private sealed record Ruled(Quota Quota, long KnownSince)
    {
        public bool CountsLike(Quota other) => (Quota.Dimension, Quota.Seconds, Quota.Model) == (other.Dimension, other.Seconds, other.Model);
    }

    private sealed class Query : Ticket
    {
        private QueryNeed? _used;

        public int Name { get; init; }

        public bool HasPermit { get; set; }

        public bool HasEnded { get; set; }

        public long At { get; set; } = long.MaxValue;

        public QueryNeed Used
        {
            get => _used ?? Need;
            set => _used = value;
        }

        public bool CountsAt(long now, int seconds) => At == long.MaxValue || At > now - (seconds * Second);
    }
}
