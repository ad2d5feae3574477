using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Learns a rate group's effective limit from what its hub says. Pure: it changes nothing but itself and says in a <see cref="Lesson"/> what
/// its host has to do. Nothing that a hub says makes it throw, and nothing raises the limit above what was configured, unless that was only
/// the hub's default.
/// </summary>
public sealed class LimitLearner
{
    /// <summary>Longer waits are cut to this, in ticks.</summary>
    public const long LongestWait = 24L * 3600 * SendWindow.Second;

    private const long ShortestBackoff = SendWindow.Second;
    private const long LongestBackoff = 30 * SendWindow.Second;
    private const long ShortestCircuit = 60 * SendWindow.Second;
    private const long LongestCircuit = 900 * SendWindow.Second;

    private readonly Random _chance;
    private RateLimit? _headerLimit;      // what the hub's header said last and what now rules
    private RateLimit? _seenOnce;
    private int _effective;               // additive increase and multiplicative decrease work on the count
    private int _backoffs;
    private long _backedOffAt = long.MinValue;
    private int _circuits;
    private long _changedAt = long.MinValue;
    private long _windowEnds = long.MinValue;

    /// <param name="mayRaise">The limit is the hub's default, which nobody chose: a header may also raise it.</param>
    /// <param name="seed">Of the jitter.</param>
    public LimitLearner(RateLimit configured, bool mayRaise, int seed)
    {
        _chance = new Random(seed);
        (Configured, MayRaise) = (configured, mayRaise);
        _effective = configured.Count;
    }

    public RateLimit Configured { get; private set; }

    public bool MayRaise { get; private set; }

    /// <summary>An owner has said that nothing learned changes the limit or the bursts. Pauses and circuits still hold.</summary>
    public bool IsFrozen { get; private set; }

    /// <summary>The limit that should rule now.</summary>
    public RateLimit Effective => IsFrozen ? Configured : new RateLimit(_effective, Ceiling.Seconds);

    private RateLimit Ceiling => _headerLimit ?? Configured;

    /// <summary>Other settings. A new limit forgets what was learned about the old one.</summary>
    public void Configure(RateLimit configured, bool mayRaise, bool isFrozen)
    {
        if (configured != Configured || mayRaise != MayRaise)
        {
            (_headerLimit, _seenOnce, _effective) = (null, null, configured.Count);
        }

        (Configured, MayRaise, IsFrozen) = (configured, mayRaise, isFrozen);
    }

    /// <summary>An answer that is no refusal, and what its headers said of requests.</summary>
    public Lesson Answered(in HubReport report, in OwnView own, long now)
    {
        (_backoffs, _circuits) = (0, 0);
        if (ByHeader(report, now) is { } lesson)
        {
            return lesson;
        }

        return Foreign(report, own, now) ?? Recover(now) ?? default;
    }

    /// <summary>The hub refused, and what its headers said of requests.</summary>
    public Lesson Refused(in HubRefusal refusal, in HubReport report, in OwnView own, long now)
    {
        if (refusal.Kind == HubRefusalKind.Overloaded)
        {
            return Pause(refusal.Wait ?? Backoff(own.SentAt, now), PacingCause.Overloaded, now);
        }

        if (refusal.Kind != HubRefusalKind.RateLimited)
        {
            var open = Math.Min(LongestCircuit, ShortestCircuit << Math.Min(_circuits++, 4));
            var why = refusal.Kind == HubRefusalKind.NoQuota ? PacingCause.NoQuota : PacingCause.TerminalRefusal;
            return new Lesson { CircuitUntil = now + open, Event = new(PacingEventKind.CircuitOpened, why, null, open / 1_000_000, now) };
        }

        _windowEnds = now + (Effective.Seconds * SendWindow.Second);   // this window is not clean
        if (ByHeader(report, now) is { } byHeader)
        {
            return Paused(byHeader, refusal, own.SentAt, now);
        }

        if (refusal.Wait is { } wait && wait > Effective.Seconds * SendWindow.Second / 4)
        {
            return Pause(wait, PacingCause.RefusedWithWait, now);
        }

        // A short wait or none although the limit was kept: slices, or less than we think.
        var cause = refusal.Wait is null ? PacingCause.RefusedWithoutWait : PacingCause.RefusedWithWait;
        if (!IsFrozen && own.CanShrink)
        {
            return Paused(new Lesson { ShrinkBursts = true }, refusal, own.SentAt, now);
        }

        if (IsFrozen || own.SentAt < _changedAt || _effective == 1)
        {
            return Pause(refusal.Wait ?? Backoff(own.SentAt, now), cause, now);
        }

        return Paused(Become(Math.Max(1, _effective * 4 / 5), PacingEventKind.LimitLowered, cause, now), refusal, own.SentAt, now);
    }

    /// <summary>The same limit said twice rules: lower always, higher only up to what was configured or where nobody chose.</summary>
    private Lesson? ByHeader(in HubReport report, long now)
    {
        if (IsFrozen || report.Limit is not > 0 || report.IntervalSeconds != Configured.Seconds)
        {
            return null;
        }

        var count = (int)Math.Min(report.Limit.Value, RateLimit.MostCount);
        var said = new RateLimit(MayRaise ? count : Math.Min(count, Configured.Count), Configured.Seconds);
        if (said == Ceiling)
        {
            _seenOnce = null;
            return null;
        }

        if (_seenOnce != said)
        {
            _seenOnce = said;
            return null;
        }

        var isLower = said.Count < Ceiling.Count;
        (_headerLimit, _seenOnce) = (said, null);
        if (isLower && _effective <= said.Count)
        {
            return null;   // a refusal had taught as much
        }

        return Become(said.Count, isLower ? PacingEventKind.LimitLowered : PacingEventKind.LimitRaised, PacingCause.LimitHeader, now);
    }

    /// <summary>Less is left at the hub than here, by more than what is under way: somebody else sends.</summary>
    private Lesson? Foreign(in HubReport report, in OwnView own, long now)
    {
        if (report.Remaining is not { } remaining || remaining < 0 || report.IntervalSeconds != own.IntervalSeconds
            || report.Limit < Effective.Count)   // what is missing there is the lower limit, which is learned when it is said again
        {
            return null;
        }

        var missing = own.Remaining - remaining;
        return missing <= own.InFlight
            ? null
            : new Lesson
            {
                ForeignSends = (int)missing,
                Event = new(PacingEventKind.ForeignTraffic, PacingCause.RemainingHeader, own.Remaining, remaining, now),
            };
    }

    private Lesson? Recover(long now)
    {
        if (IsFrozen || _effective >= Ceiling.Count || now < _windowEnds)
        {
            return null;
        }

        _windowEnds = now + (Effective.Seconds * SendWindow.Second);
        var more = Math.Max(1, Ceiling.Count / 60);
        return Become(Math.Min(Ceiling.Count, _effective + more), PacingEventKind.LimitRaised, PacingCause.CleanWindows, now);
    }

    private Lesson Become(int count, PacingEventKind kind, PacingCause cause, long now)
    {
        var before = _effective;
        (_effective, _changedAt) = (count, now);
        return new Lesson { Limit = Effective, Event = new(kind, cause, before, count, now) };
    }

    private Lesson Pause(long wait, PacingCause cause, long now) => Paused(default, wait, cause, now);

    private Lesson Paused(Lesson lesson, in HubRefusal refusal, long sentAt, long now) => refusal.Wait is { } wait
        ? Paused(lesson, wait, PacingCause.RefusedWithWait, now)
        : Paused(lesson, Backoff(sentAt, now), PacingCause.RefusedWithoutWait, now);

    private Lesson Paused(Lesson lesson, long wait, PacingCause cause, long now)
    {
        wait = Math.Clamp(wait, 0, LongestWait);
        wait += (long)(wait * 0.1 * _chance.NextDouble());
        return lesson with
        {
            PauseUntil = now + wait,
            Event = lesson.Event ?? new(PacingEventKind.Paused, cause, null, wait / 1_000_000, now),
        };
    }

    /// <summary>Grows once for all refusals of queries that were sent before it grew: one burst that was too large is refused many times.</summary>
    private long Backoff(long sentAt, long now)
    {
        if (sentAt >= _backedOffAt)
        {
            (_backoffs, _backedOffAt) = (_backoffs + 1, now);
        }

        return Math.Min(LongestBackoff, ShortestBackoff << Math.Clamp(_backoffs - 1, 0, 5));
    }
}
