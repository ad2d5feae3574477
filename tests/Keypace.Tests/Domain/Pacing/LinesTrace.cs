using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>
/// One random life of a pacer with limits of models and pauses of sources, beside a slow line that looks at everybody: who goes must be the same,
/// and what the next one is told must be what happens.
/// </summary>
internal sealed class LinesTrace
{
    private const long Second = SendWindow.Second;

    private readonly int _seed;
    private readonly Random _chance;
    private readonly RateLimit _limit;
    private readonly Quota[] _quotas;
    private readonly Pacer _pacer;
    private readonly SlowLine _model = new();
    private readonly List<PlainTicket> _waiting = [];
    private readonly List<(PlainTicket Ticket, long At)> _sent = [];
    private readonly Dictionary<Guid, long> _paused = [];
    private readonly Dictionary<string, long> _pausedModels = [];
    private readonly Guid[] _sources = [new(1, 0, 0, new byte[8]), new(2, 0, 0, new byte[8])];
    private readonly List<Ticket> _changed = [];
    private long _now;
    private int _name;

    public LinesTrace(int seed)
    {
        (_seed, _chance) = (seed, new Random(seed));
        _limit = new RateLimit(1 + _chance.Next(8), 1 + _chance.Next(4));
        _quotas = [.. Enumerable.Range(0, 1 + _chance.Next(4)).Select(_ => AnyQuota())];
        _pacer = new Pacer(_limit, 0, QueueBounds.Default);
        _pacer.ChangeQuotas(_quotas, DateTimeOffset.UnixEpoch, 0);
    }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            for (var i = _chance.Next(4); i > 0; i--)
                Arrive();

            if (_chance.Next(8) == 0 && _waiting.Count > 0)
            {
                var leaving = _waiting[_chance.Next(_waiting.Count)];
                Assert.True(_pacer.GiveBack(leaving));
                _model.Remove(leaving);
                _waiting.Remove(leaving);
            }

            Pause();
            foreach (var (ticket, _) in _sent.Where(each => _chance.Next(3) == 0))
            {
                _pacer.Ended(ticket);
                ticket.Deadline = 0;   // has ended
            }

            var next = _pacer.NextEvent(_now);
            _now = _chance.Next(2) == 0 && next < long.MaxValue ? Math.Max(_now, next) : _now + _chance.NextInt64(Second / 2);
            Step();
        }
    }

    private Quota AnyQuota()
    {
        var model = _chance.Next(3) == 0 ? null : Model();
        Guid? source = _chance.Next(4) == 0 ? _sources[_chance.Next(2)] : null;
        return _chance.Next(3) == 0
            ? new Quota(QuotaDimension.Concurrent, 1 + _chance.Next(4), Model: model, Source: source)
            : new Quota(QuotaDimension.Requests, 1 + _chance.Next(6), 2 + _chance.Next(20), Model: model, Source: source);
    }

    private string Model() => $"m{_chance.Next(4)}";

    private void Pause()
    {
        var source = _sources[_chance.Next(2)];
        switch (_chance.Next(20))
        {
            case 0:
                var until = _now + _chance.NextInt64(3 * Second);
                _pacer.PauseSource(source, until, "");
                _paused[source] = Math.Max(until, _paused.GetValueOrDefault(source));
                break;
            case 1:
                _pacer.ResumeSource(source);
                _paused.Remove(source);
                break;
            case 2:
                var (model, end) = (Model(), _now + _chance.NextInt64(3 * Second));
                _pacer.PauseModel(model, end, "");
                _pausedModels[model] = Math.Max(end, _pausedModels.GetValueOrDefault(model));
                break;
            case 3 when _chance.Next(4) == 0:
                _pacer.ResumeModels();
                _pausedModels.Clear();
                break;
        }
    }

    private void Arrive()
    {
        var token = _chance.Next(3);
        var isFront = _chance.Next(10) == 0;
        var order = isFront ? ((1 + _chance.Next(_name + 1)) * 1000) + _name : 0;
        var arrival = new Arrival(
            $"t{token}", $"c{_chance.Next(3)}", 1 + token, (QueryClass)_chance.Next(3), Front: isFront, Order: order, Need: new QueryNeed(Model(), 1, 1, _sources[_chance.Next(2)]));
        var ticket = new PlainTicket { Name = ++_name };
        var foretold = _pacer.Expect(arrival, _now);
        Step();   // whoever is due goes before it
        var end = _pacer.Enqueue(ticket, arrival, _now);
        if (end == EntryEnd.Granted)
        {
            Assert.True(MayGo(ticket), $"Granted, but a limit is in the way, {this}.");
            Assert.True(foretold.ExpectedStart <= _now || _changed.Count > 0, $"Told {foretold} and went at once, {this}.");
            Send(ticket);
            return;
        }

        Assert.Equal(EntryEnd.Waiting, end);
        _model.Enqueue(ticket, arrival with { Order = ticket.Order });
        _waiting.Add(ticket);
        Step();
    }

    private void Step()
    {
        _changed.Clear();
        _pacer.Advance(_now, _changed);
        foreach (var ticket in _changed.Cast<PlainTicket>().Where(ticket => ticket.State == TicketState.Granted).ToArray())
        {
            var expected = HasRoom() ? _model.Dequeue(MayGo) : null;
            Assert.True(ReferenceEquals(expected, ticket), $"{ticket} went instead of {expected?.ToString() ?? "nobody"}, {this}.");
            _waiting.Remove(ticket);
            Send(ticket);
        }

        // What was granted together was granted as permits that are out, which count like sends: the end is the same.
        Assert.True(!HasRoom() || !_waiting.Exists(MayGo), $"Something is free that somebody could use, {this}.");
    }

    private void Send(PlainTicket ticket)
    {
        _pacer.Sent(ticket, _now);
        ticket.Deadline = long.MaxValue;
        _sent.Add((ticket, _now));
    }

    private bool HasRoom() => _sent.Count(each => each.At > _now - (_limit.Seconds * Second)) < _limit.Count;

    private bool MayGo(PlainTicket ticket) =>
        _paused.GetValueOrDefault(ticket.Need.Source) <= _now && _pausedModels.GetValueOrDefault(ticket.Need.Model!) <= _now && Array.TrueForAll(_quotas, quota => !Counts(quota, ticket.Need) || Used(quota) < quota.Limit);

    /// <summary>As the meter counts: up to a slot's width longer.</summary>
    private long Used(Quota quota) => _sent.Count(each => Counts(quota, each.Ticket.Need)
        && (quota.Dimension == QuotaDimension.Concurrent ? each.Ticket.Deadline != 0 : SlotEnd(each.At, quota.Seconds) > _now));

    private static long SlotEnd(long at, int seconds)
    {
        var span = seconds * Second;
        var width = (span + 499) / 500;
        return ((at + width - 1) / width * width) + span;
    }

    private static bool Counts(Quota quota, in QueryNeed need) =>
        (quota.Model is null || quota.Model == need.Model) && (quota.Source is null || quota.Source == need.Source);

    public override string ToString() => $"seed {_seed}, {_limit}, {string.Join("; ", _quotas.Select(quota => $"{quota.Dimension} {quota.Limit}/{quota.Seconds} {quota.Model} {quota.Source}"))}";
}
