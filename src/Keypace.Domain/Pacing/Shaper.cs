using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Chooses b: at most b sends in any slice as long as b/N of the interval. A rule without stamps of its own; <see cref="SendWindow"/> keeps it.
/// Where a hub is known to enforce slices, each has a guard; where somebody only wants an even flow, the window's own guard is enough.
/// </summary>
internal sealed class Shaper
{
    /// <summary>Windows with sends and no refusal before a burst that was found may be one larger.</summary>
    public const int CleanToGrow = 10;

    /// <summary>The same, before it may be again as large as one that was refused.</summary>
    public const int CleanToRetry = 100;

    /// <summary>Bursts that refusals made smaller are so many times larger after each clean window, until one is refused again.</summary>
    public const int WayBack = 4;

    /// <summary>Windows after which a larger burst is thought to be clean: a little too much is refused only in the next window.</summary>
    private const int CleanToTrust = 3;

    private readonly bool _startsSmooth;
    private RateLimit _limit;
    private RateLimit _of;                     // what the burst and the next three are shares of: the limit under which they were learned
    private int _learned;
    private int _refusedAt = int.MaxValue;
    private int _before;                       // the burst before refusals came; 0: none came, or it is regained
    private int _safe;                         // the one that was clean before it became larger; 0: that is shown to be clean
    private bool _isFound;                     // a larger one was tried and refused: the slices are the hub's
    private bool _isExcused;                   // the smallest was refused as well, so it was not the bursts
    private bool _isGuarded;
    private long _guard;
    private int _clean;
    private long _windowEnds = long.MinValue;

    public Shaper(PacingMode mode, bool startsSmooth, RateLimit limit, long guard, long now)
    {
        (Mode, _startsSmooth) = (mode, startsSmooth);
        (_limit, _guard) = (limit, guard);
        Begin(now);
    }

    public PacingMode Mode { get; }

    public bool StartsSmooth => _startsSmooth;

    public int Burst { get; private set; }

    public ShapeCause Cause { get; private set; }

    public long Since { get; private set; }

    /// <summary>Sends that a slice may hold; 0 when whole bursts go.</summary>
    public int SliceMost => Burst >= _limit.Count ? 0 : Burst;

    /// <summary>In ticks: the slice's share of the interval, and where the hub enforces slices of it the guard, at most a tenth of the slice.</summary>
    public long SliceSpan
    {
        get
        {
            if (SliceMost == 0)
                return 0;

            var interval = _limit.Seconds * SendWindow.Second;
            var slice = CeilingOf(interval);
            return _isGuarded ? Math.Max(slice + Math.Min(_guard, slice / 10), CeilingOf(interval + _guard)) : slice;

            long CeilingOf(long whole) => ((whole * Burst) + _limit.Count - 1) / _limit.Count;   // below 2^63: 86,405 s times 65,536
        }
    }

    public ShapeState State => new(Mode, Burst, SliceSpan, Cause, Since, Use);

    /// <summary>One second's worth of the limit.</summary>
    public static int SmoothBurst(RateLimit limit) => Math.Clamp(limit.Count / limit.Seconds, 1, SendWindow.MostExact);

    /// <summary>True when a refusal would make the bursts smaller, or guard their slices.</summary>
    public bool CanShrink => Mode == PacingMode.Auto ? Burst > 1 : !_isGuarded && SliceMost > 0;

    /// <summary>What a new shaper would not know; null when there is nothing.</summary>
    public LearnedBursts? Learned => Cause is ShapeCause.Refused or ShapeCause.CleanWindows && (SliceMost > 0 || _before > 0)
        ? new(_of, _learned, _before, _refusedAt, _isFound, _isGuarded)
        : null;

    private double Use => SliceMost == 0 || !_isGuarded
        ? 1
        : Math.Min(1, (((double)_limit.Seconds * SendWindow.Second) + _guard) * Burst / _limit.Count / SliceSpan);

    private bool HasMore => Mode == PacingMode.Auto ? Burst < _limit.Count : _isGuarded && !_startsSmooth;

    /// <summary>
    /// The hub refused a query that was sent at <paramref name="sentAt"/>. One burst that was too large is refused many times: only what was
    /// sent since the last change counts. True when the burst is smaller now, or its slices guarded.
    /// </summary>
    public bool Refused(long sentAt, long now)
    {
        (_clean, _windowEnds) = (0, long.MinValue);   // a clean window begins with the next send
        if (!CanShrink || sentAt < Since)
            return false;

        Rebase();
        _isFound |= _safe > 0 || (Mode == PacingMode.Smooth && Cause == ShapeCause.CleanWindows);
        if (Mode == PacingMode.Auto)
        {
            _refusedAt = Burst;
            (_before, _isExcused) = _safe > 0 ? (0, false) : (_before > 0 ? _before : Burst, _isExcused);
        }

        _isGuarded = true;
        Learn(Mode == PacingMode.Smooth ? Burst : _safe > 0 ? _safe : Math.Min(Burst / 2, SendWindow.MostExact), ShapeCause.Refused, now);
        _safe = 0;
        return true;
    }

    /// <summary>A query was sent. True when the bursts are larger from now on, or their slices without a guard.</summary>
    public bool Sent(long at)
    {
        if (at < _windowEnds || !HasMore)
            return false;

        _clean += _windowEnds == long.MinValue ? 0 : 1;
        _windowEnds = at + (_limit.Seconds * SendWindow.Second) + _guard;
        if (_clean == 0)
            return false;

        _safe = _clean < CleanToTrust ? _safe : 0;
        if (Mode == PacingMode.Smooth)
        {
            if (_clean < (_isFound ? CleanToRetry : 1))
                return false;

            _isGuarded = false;
            Learn(Burst, ShapeCause.CleanWindows, at);
            return true;
        }

        Rebase();
        if (_before > Burst)
            return (!_isExcused || _clean >= CleanToGrow) && GrowTo(Math.Min((long)Burst * WayBack, _before), at);

        (_before, _isExcused) = (0, false);
        return _clean >= (Burst + 1 >= _refusedAt ? CleanToRetry : CleanToGrow) && GrowTo(Burst + 1L, at);
    }

    /// <summary>The hub refuses what goes in the smallest bursts too, or for a reason that is known: it is not their fault.</summary>
    public void Excuse() => _isExcused = _before > 0;

    /// <summary>What made the hub refuse is over: bursts whose fault it was not are at once as they were. True when they are larger.</summary>
    public bool Restore(long now)
    {
        Rebase();
        return _isExcused && GrowTo(_before, now);
    }

    /// <summary>Another limit: what was learned of slices is a share of the interval and stays.</summary>
    public void ChangeLimit(RateLimit limit, long guard, long now)
    {
        var before = _limit;
        var isKept = Learned is not null;
        (_limit, _guard) = (limit, guard);
        if (!isKept)
        {
            Begin(now);
        }
        else if (before != limit)
        {
            Burst = Mode == PacingMode.Smooth ? SmoothBurst(limit) : Scaled(_learned);
            _clean = 0;
        }
    }

    /// <summary>Takes up what a shaper before this one had learned.</summary>
    public void Recall(LearnedBursts learned, long now)
    {
        if (!learned.Of.IsWithinBounds || learned.Burst < 1 || learned.Burst > learned.Of.Count)
        {
            return;   // nonsense
        }

        (_of, _learned, _before, _refusedAt) = (learned.Of, learned.Burst, learned.Before, learned.RefusedAt);
        (_isFound, _isGuarded) = (learned.IsFound, learned.IsGuarded || _startsSmooth);
        Become(Mode == PacingMode.Smooth ? SmoothBurst(_limit) : Scaled(_learned), ShapeCause.Refused, now);
    }

    private void Begin(long now)
    {
        var isSmooth = Mode == PacingMode.Smooth || (Mode == PacingMode.Auto && _startsSmooth);
        var cause = Mode != PacingMode.Auto ? ShapeCause.Chosen : _startsSmooth ? ShapeCause.HubHint : ShapeCause.NothingKnown;
        (_refusedAt, _before, _safe, _isFound, _isExcused, _isGuarded) = (int.MaxValue, 0, 0, false, false, _startsSmooth);
        _of = _limit;
        Learn(isSmooth ? SmoothBurst(_limit) : _limit.Count, cause, now);
    }

    private bool GrowTo(long burst, long at)
    {
        var larger = (int)Math.Min(burst, _limit.Count);
        if (larger <= Burst || (larger > SendWindow.MostExact && larger < _limit.Count))
            return false;

        _safe = Burst;
        Learn(larger, ShapeCause.CleanWindows, at);
        return true;
    }

    /// <summary>What was learned under another limit, in shares of the one that rules.</summary>
    private void Rebase()
    {
        if (_of != _limit)
        {
            _before = _before > 0 ? Scaled(_before) : 0;
            _safe = _safe > 0 ? Scaled(_safe) : 0;
            _refusedAt = _refusedAt < int.MaxValue ? Scaled(_refusedAt) : _refusedAt;
            (_of, _learned) = (_limit, Burst);
        }
    }

    /// <summary>The slice keeps its length where it can: b' / N' * T' = b / N * T. From what was learned, so that a limit that falls and rises again brings it back.</summary>
    private int Scaled(int burst)
    {
        if (burst >= _of.Count)
        {
            return _limit.Count;   // the whole of the limit, whatever it is
        }

        return (int)Math.Clamp((long)((Int128)burst * _of.Seconds * _limit.Count / ((Int128)_of.Count * _limit.Seconds)), 1, SendWindow.MostExact);
    }

    private void Learn(int burst, ShapeCause cause, long now)
    {
        _learned = burst;
        Become(burst, cause, now);
    }

    private void Become(int burst, ShapeCause cause, long now)
    {
        (Burst, Cause, Since) = (burst, cause, now);
        _clean = 0;
    }
}
