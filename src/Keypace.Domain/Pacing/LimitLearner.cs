using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Learns a rate group's effective limit from what its hub says. Pure: it changes nothing but itself and says in a <see cref="Lesson"/> what
/// its host has to do. Nothing that a hub says makes it throw, and nothing raises the limit above what was configured, unless that was only
/// the hub's default.
/// </summary>
public sealed partial class LimitLearner
{
    /// <summary>Longer waits make no sense, in ticks: then one query asks after <see cref="AskEvery"/>, and again after every refusal.</summary>
    public const long LongestWait = 24L * 3600 * SendWindow.Second;

    /// <summary>How long nothing goes where a hub says a wait out of all reason, in ticks.</summary>
    public const long AskEvery = 3600 * SendWindow.Second;

    private const long ShortestBackoff = SendWindow.Second;
    private const long LongestBackoff = 30 * SendWindow.Second;
    private const long ShortestCircuit = 60 * SendWindow.Second;

    /// <summary>The longest that queries are refused without being sent, in ticks.</summary>
    public const long LongestCircuit = 900 * SendWindow.Second;

    private const int MostRefusals = 4096;

    private readonly Random _chance;
    private readonly WayBack _wayBack = new();
    private readonly Queue<long> _refused = new();   // when those were sent that the hub refused lately: it did not count them
    private RateLimit? _headerLimit;      // what the hub's header said last and what now rules
    private RateLimit? _seenOnce;
    private int _effective;               // additive increase and multiplicative decrease work on the count
    private int _backoffs;
    private long _backedOffAt = long.MinValue;
    private int _circuits;
    private long _changedAt = long.MinValue;
    private long _windowEnds = long.MinValue;
    private bool _isTried;                // this window took as many as the limit allows

    /// <param name="mayRaise">The limit is the hub's default, which nobody chose: a header may also raise it.</param>
    /// <param name="seed">Of the jitter.</param>
    public LimitLearner(RateLimit configured, bool mayRaise, int seed)
    {
        _chance = new Random(seed);
        (Configured, MayRaise) = (configured, mayRaise);
        _effective = configured.Count;
    }

    public RateLimit Configured { get; private set; }

    /// <summary>Wants to know of each answer how many were sent in the window before it (<see cref="OwnView.SentBefore"/>).</summary>
    public bool CountsSends => _effective < Ceiling.Count;

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
            Forget(configured);

        (Configured, MayRaise, IsFrozen) = (configured, mayRaise, isFrozen);
    }

    /// <summary>An answer that is no refusal, and what its headers said of requests.</summary>
    public Lesson Answered(in HubReport report, in OwnView own, long now)
    {
        (_backoffs, _circuits) = (0, 0);
        if (ByHeader(report, now) is { } lesson)
            return lesson;

        _isTried |= CountsSends && Accepted(own) >= _effective;
        return Foreign(report, own, now) ?? Recover(now) ?? default;
    }

    /// <summary>The hub refused, and what its headers said of requests.</summary>
    public Lesson Refused(in HubRefusal refusal, in HubReport report, in OwnView own, long now)
    {
        if (refusal.Kind == HubRefusalKind.Overloaded)
            return Pause(refusal.Wait ?? Backoff(own.SentAt, now), PacingCause.Overloaded, now);

        if (refusal.Kind != HubRefusalKind.RateLimited)
        {
            var open = Math.Min(LongestCircuit, ShortestCircuit << Math.Min(_circuits++, 4));
            var why = refusal.Kind == HubRefusalKind.NoQuota ? PacingCause.NoQuota : PacingCause.TerminalRefusal;
            return new Lesson { CircuitUntil = now + open, Event = new(PacingEventKind.CircuitOpened, why, null, open / 1_000_000, now) };
        }

        (_windowEnds, _isTried, ConfirmedAt, RefusedAt) = (now + (Effective.Seconds * SendWindow.Second), false, now, now);   // this window is not clean
        NoteRefusal(own.SentAt);
        if (ByHeader(report, now) is { } byHeader)
            return Paused(byHeader, refusal, own.SentAt, now);

        if (refusal.Wait is { } wait && wait > Effective.Seconds * SendWindow.Second / 4)
            return Pause(wait, PacingCause.RefusedWithWait, now);

        // A short wait or none although the limit was kept: slices, or less than we think. While one query asks whether there is more, it is that.
        var cause = refusal.Wait is null ? PacingCause.RefusedWithoutWait : PacingCause.RefusedWithWait;
        var isSlices = !IsFrozen && own.CanShrink && (!_wayBack.IsAsking || _wayBack.IsLeaping) && own.SentAt >= _changedAt;
        if (isSlices && !_wayBack.IsLeaping)
            return Paused(new Lesson { ShrinkBursts = true }, refusal, own.SentAt, now);

        if (IsFrozen || (own.SentAt < own.ShapedAt && own.SentAt >= _changedAt))
            return Pause(refusal.Wait ?? Backoff(own.SentAt, now), cause, now);

        var lower = own.SentAt < _changedAt ? _wayBack.RefusedToo(_effective, Accepted(own)) : _wayBack.Refused(_effective, Accepted(own));
        var isLower = lower < _effective;
        var lowered = isLower ? Lower(lower, cause, own.SentAt < _changedAt, now) : default;
        return Paused(lowered with { ShrinkBursts = isSlices, ExcuseBursts = !isSlices }, refusal, own.SentAt, now);
    }

    /// <summary>The same limit said twice rules: lower always, higher only up to what was configured or where nobody chose.</summary>
    private Lesson? ByHeader(in HubReport report, long now)
    {
        if (IsFrozen || report.Limit is not > 0 || report.IntervalSeconds != Configured.Seconds)
            return null;

        var count = (int)Math.Min(report.Limit.Value, RateLimit.MostCount);
        var said = new RateLimit(MayRaise ? count : Math.Min(count, Configured.Count), Configured.Seconds);
        if (said == Ceiling)
        {
            (_seenOnce, ConfirmedAt) = (null, now);
            return null;
        }

        if (_seenOnce != said)
        {
            _seenOnce = said;
            return null;
        }

        var isLower = said.Count < Ceiling.Count;
        (_headerLimit, _seenOnce, ConfirmedAt) = (said == Configured ? null : said, null, now);
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
        if (IsFrozen || now < _windowEnds)
            return null;

        _windowEnds = now + (Effective.Seconds * SendWindow.Second);
        var more = _wayBack.Clean(_effective, Ceiling.Count, _isTried);
        _isTried = false;
        if (more <= _effective)
            return null;

        return Become(more, PacingEventKind.LimitRaised, PacingCause.CleanWindows, now) with { RestoreBursts = more == Ceiling.Count };
    }

    /// <summary>How many the hub took in the window before the answered query, which counts; those under way are thought to be taken. Null: not known.</summary>
    private int? Accepted(in OwnView own)
    {
        if (own.SentBefore <= 0 || _refused.Count >= MostRefusals)
            return null;

        var since = own.SentAt - (Effective.Seconds * SendWindow.Second);
        var refused = 0;
        foreach (var at in _refused)
            refused += at > since && at <= own.SentAt ? 1 : 0;

        return Math.Max(0, own.SentBefore - refused);
    }

    private void NoteRefusal(long sentAt)
    {
        while (_refused.TryPeek(out var oldest) && (oldest <= sentAt - (Effective.Seconds * SendWindow.Second) || _refused.Count >= MostRefusals))
            _refused.Dequeue();

        _refused.Enqueue(sentAt);
    }

    /// <summary>Answers to one burst that was too large are one event: what they teach is only more exact.</summary>
    private Lesson Lower(int count, PacingCause cause, bool isSame, long now)
    {
        var changedAt = _changedAt;
        var lesson = Become(count, PacingEventKind.LimitLowered, cause, now);
        _changedAt = isSame ? changedAt : now;
        return lesson;
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
        var isAbsurd = wait > LongestWait;
        wait = isAbsurd ? AskEvery : Math.Max(wait, 0);
        wait += isAbsurd ? 0 : (long)(wait * 0.1 * _chance.NextDouble());
        return lesson with
        {
            PauseUntil = now + wait,
            AskEvery = isAbsurd ? AskEvery : 0,
            Event = lesson.Event ?? new(PacingEventKind.Paused, cause, null, wait / 1_000_000, now),
        };
    }

    /// <summary>Grows once for all refusals of queries that were sent before it grew: one burst that was too large is refused many times.</summary>
    private long Backoff(long sentAt, long now)
    {
        if (sentAt >= _backedOffAt)
            (_backoffs, _backedOffAt) = (_backoffs + 1, now);

        return Math.Min(LongestBackoff, ShortestBackoff << Math.Clamp(_backoffs - 1, 0, 5));
    }
}
