using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group's host shows.</summary>
internal sealed partial class PacedGroup
{
    private SendHistory? _history;
    private long _sent;

    public long SentCount => Interlocked.Read(ref _sent);

    public TimeSpan GuardNow
    {
        get
        {
            lock (Gate)
            {
                return MonotonicClock.SpanOf(_pacer.Guard);
            }
        }
    }

    public GroupStatus Status()
    {
        lock (Gate)
        {
            return StatusAt(_clock.Now);
        }
    }

    /// <summary>The few numbers that are shown for many groups once a second: no walk along the line.</summary>
    public GroupFigures Figures()
    {
        lock (Gate)
        {
            var now = _clock.Now;
            var isPaused = _pacer.PausedUntil > now;
            return new GroupFigures(
                _pacer.Limit, _pacer.Used(now), _pacer.Waiting, isPaused ? _clock.WallAt(_pacer.PausedUntil, now) : null, isPaused ? _pacer.PausedWhy : null);
        }
    }

    /// <summary>How long the query would wait if it came now, and which share of the limit is used: of two keys that are free, the less used is taken.</summary>
    public (TimeSpan Wait, double Use) Outlook(in Entry entry)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            var expected = _pacer.Expect(ArrivalOf(entry, now), now).ExpectedStart;
            var wait = expected == long.MaxValue ? TimeSpan.MaxValue : MonotonicClock.SpanOf(expected - now);
            return (wait, (double)_pacer.Used(now) / _pacer.Limit.Count);
        }
    }

    /// <summary>What keeps the next query from going.</summary>
    public (BindingKind Kind, Quota? Quota) Binding()
    {
        lock (Gate)
        {
            var binding = _pacer.BindingAt(_clock.Now);
            return (binding.Kind, binding.Quota);
        }
    }

    private GroupStatus StatusAt(long now)
    {
        var waiting = new List<WaitingCaller>();
        var places = new Dictionary<(string Token, string Caller), int>();
        var position = 0;
        foreach (var ticket in _pacer.InOrder())
        {
            if (places.TryGetValue((ticket.TokenId, ticket.Caller), out var place))
            {
                waiting[place] = waiting[place] with { Count = waiting[place].Count + 1 };
            }
            else
            {
                places.Add((ticket.TokenId, ticket.Caller), waiting.Count);
                waiting.Add(new(ticket.TokenId, ticket.Caller, 1, position, _clock.WallAt(_pacer.ExpectedStart(position, now), now)));
            }

            position++;
        }

        var free = _pacer.Outstanding >= _pacer.Limit.Count ? (DateTimeOffset?)null : _clock.WallAt(_pacer.ExpectedStart(0, now), now);
        var isPaused = _pacer.PausedUntil > now;
        var history = _history?.View(now);
        var binding = _pacer.BindingAt(now);
        var shape = _pacer.Shape;
        return new GroupStatus(
            _pacer.Limit,
            MonotonicClock.SpanOf(_pacer.Guard),
            _pacer.Used(now),
            _pacer.Remaining(now),
            _pacer.Outstanding,
            _pacer.Waiting,
            free,
            isPaused ? _clock.WallAt(_pacer.PausedUntil, now) : null,
            isPaused ? _pacer.PausedWhy : null,
            waiting,
            _unknownUntil > now ? _clock.WallAt(_unknownUntil, now) : null,
            history,
            history is null ? default : _clock.WallAt(history.NewestAt, now))
        {
            Rules = _rules,
            Binding = binding.Kind,
            BindingQuota = binding.Quota,
            Shape = shape,
            Slice = MonotonicClock.SpanOf(shape.Slice),
            Quotas = [.. _pacer.QuotasAt(now).Select(use => new QuotaStatus(use.Quota, use.Used, use.FreeAt == long.MaxValue ? null : _clock.WallAt(use.FreeAt, now)))],
            Events = [.. (_events ?? []).Reverse()],
            Reported = _reported,
            Heard = Heard,
        };
    }

    /// <summary>For the picture only: it decides nothing.</summary>
    private void Note(Turn turn, long at)
    {
        var interval = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(_pacer.Limit.Seconds));
        if (_history?.Interval != interval)
            _history = _home.TakeHistory(Id, interval) ?? new SendHistory(interval);
        _history.Note(turn.SenderToken, turn.Sender, at);
        _sent++;
    }
}
