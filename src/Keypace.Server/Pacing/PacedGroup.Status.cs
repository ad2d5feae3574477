using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group's host shows.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>A disk that takes longer is worth telling, in ticks.</summary>
    private static readonly long StallShown = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(1));

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
                _pacer.Limit, _pacer.Used(now), _pacer.Waiting, isPaused ? _clock.WallAt(_pacer.PausedUntil, now) : null, isPaused ? _pacer.PausedWhy : null)
            {
                PausesOfSecrets = [.. _pacer.SourcePausesAt(now).Where(pause => pause.Until > now).Select(pause => (pause.Source, _clock.WallAt(pause.Until, now), pause.Why))],
            };
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

    /// <summary>What keeps the next query from going, or such a one by a pause of its own.</summary>
    public (BindingKind Kind, Quota? Quota) Binding(in QueryNeed need)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            if (_pacer.IsHeldApart(need, now))
            {
                return (BindingKind.Pause, null);
            }

            var binding = _pacer.BindingAt(now);
            return (KindAt(binding.Kind, now), binding.Quota);
        }
    }

    /// <summary>
    /// What is told to bind. The moment until the journal has a fresh group's first line is nothing to tell, a disk that does not answer is; and so is
    /// a window that an earlier process may have filled.
    /// </summary>
    private BindingKind KindAt(BindingKind kind, long now) =>
        kind is BindingKind.RateLimit && _unknownUntil > now ? BindingKind.Journal
        : kind is BindingKind.Journal && !(_awaitsKick && _heldSince <= now - StallShown) ? BindingKind.None
        : kind;

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

        var start = _pacer.NextStart(now);
        var free = start == long.MaxValue ? (DateTimeOffset?)null : _clock.WallAt(start, now);
        var isPaused = _pacer.PausedUntil > now;
        var history = _history?.View(now);
        var binding = _pacer.BindingAt(now, ofModels: true);
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
            ModelPauses = [.. _pacer.ModelPausesAt(now).Select(pause => new HeldModel(pause.Model, _clock.WallAt(pause.Until, now), pause.Why))],
            Binding = KindAt(binding.Kind, now),
            BindingQuota = binding.Quota,
            Shape = shape,
            Slice = MonotonicClock.SpanOf(shape.Slice),
            Quotas = [.. _pacer.QuotasAt(now).Where(use => use.Quota.Source is null).Select(use => new QuotaStatus(use.Quota, use.Used, use.FreeAt == long.MaxValue ? null : _clock.WallAt(use.FreeAt, now)))],
            Events = _events?.NewestFirst() ?? [],
            Reported = _reported,
            Heard = Heard,
            Lessons = _lessons?.View(_pacer, _learner, now) ?? new KeptLessons(Guid.Empty, Id),
            LessonsOfSecrets = _lessons?.ViewsApart(_pacer, now) ?? [],
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
