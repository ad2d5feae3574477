using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>How a rate group spends its allowance within an interval.</summary>
public enum PacingMode
{
    /// <summary>Begins as the hub's hint says, sends smaller bursts after refusals and larger ones again after clean windows.</summary>
    Auto,

    /// <summary>Up to N at once.</summary>
    Burst,

    /// <summary>At most one second's worth of N at once, for hubs that enforce in slices.</summary>
    Smooth,
}

/// <summary>Why the bursts are as large as they are.</summary>
public enum ShapeCause
{
    /// <summary>Somebody chose it.</summary>
    Chosen,

    /// <summary>The hub's file says that it enforces in slices.</summary>
    HubHint,

    /// <summary>Nothing speaks against bursts of N.</summary>
    NothingKnown,

    /// <summary>The hub refused a query although the limit was kept.</summary>
    Refused,

    /// <summary>Nothing was refused for long.</summary>
    CleanWindows,
}

/// <summary>What the shaper does now.</summary>
/// <param name="Burst">Most sends in a slice; N when whole bursts go.</param>
/// <param name="Slice">A slice's length in ticks, guard included; 0 when whole bursts go.</param>
/// <param name="Since">Tick of the last change.</param>
public readonly record struct ShapeState(PacingMode Mode, int Burst, long Slice, ShapeCause Cause, long Since);

/// <summary>
/// Chooses b: at most b sends in any slice as long as b/N of the interval. A rule without stamps of its own; <see cref="SendWindow"/> keeps it.
/// </summary>
internal sealed class Shaper
{
    /// <summary>Windows with sends and no refusal before a burst may be one larger.</summary>
    public const int CleanToGrow = 10;

    /// <summary>The same, before a burst may be again as large as one that was refused.</summary>
    public const int CleanToRetry = 100;

    private readonly bool _startsSmooth;
    private RateLimit _limit;
    private long _guard;
    private int _refusedAt = int.MaxValue;
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

    /// <summary>
    /// In ticks. The slice's share of the interval and of it the guard, at most a tenth of the slice; never faster than the limit itself.
    /// </summary>
    public long SliceSpan
    {
        get
        {
            if (SliceMost == 0)
            {
                return 0;
            }

            var interval = _limit.Seconds * SendWindow.Second;
            var slice = CeilingOf(interval);
            return Math.Max(slice + Math.Min(_guard, slice / 10), CeilingOf(interval + _guard));

            long CeilingOf(long whole) => ((whole * Burst) + _limit.Count - 1) / _limit.Count;   // below 2^63: 86,405 s times 65,536
        }
    }

    public ShapeState State => new(Mode, Burst, SliceSpan, Cause, Since);

    /// <summary>One second's worth of the limit.</summary>
    public static int SmoothBurst(RateLimit limit) => Math.Clamp(limit.Count / limit.Seconds, 1, SendWindow.MostExact);

    /// <summary>True when a refusal would make the bursts smaller.</summary>
    public bool CanShrink => Mode == PacingMode.Auto && Burst > 1;

    /// <summary>
    /// The hub refused a query that was sent at <paramref name="sentAt"/>. One burst that was too large is refused many times: only what was
    /// sent since the last change counts. True when the burst is smaller now.
    /// </summary>
    public bool Refused(long sentAt, long now)
    {
        _clean = 0;
        if (!CanShrink || sentAt < Since)
        {
            return false;
        }

        _refusedAt = Burst;
        Become(Math.Min(Burst / 2, SendWindow.MostExact), ShapeCause.Refused, now);
        return true;
    }

    /// <summary>A query was sent. True when the bursts are larger from now on.</summary>
    public bool Sent(long at)
    {
        if (Mode != PacingMode.Auto || Burst >= _limit.Count || at < _windowEnds)
        {
            return false;
        }

        _clean += _windowEnds == long.MinValue ? 0 : 1;
        _windowEnds = at + (_limit.Seconds * SendWindow.Second) + _guard;
        if (_clean < (Burst + 1 >= _refusedAt ? CleanToRetry : CleanToGrow) || Burst >= SendWindow.MostExact)
        {
            return false;
        }

        Become(Burst + 1, ShapeCause.CleanWindows, at);
        return true;
    }

    /// <summary>Another limit: what was learned of slices is a share of the interval and stays.</summary>
    public void ChangeLimit(RateLimit limit, long guard, long now)
    {
        var (before, hasLearned) = (_limit, Cause is ShapeCause.Refused or ShapeCause.CleanWindows && SliceMost > 0);
        (_limit, _guard) = (limit, guard);
        if (!hasLearned)
        {
            Begin(now);
        }
        else if (before != limit)
        {
            // The slice keeps its length where it can: b' / N' * T' = b / N * T.
            var burst = (long)((Int128)Burst * before.Seconds * limit.Count / ((Int128)before.Count * limit.Seconds));
            Become((int)Math.Clamp(burst, 1, SendWindow.MostExact), Cause, now);
            _refusedAt = int.MaxValue;
        }
    }

    private void Begin(long now)
    {
        var isSmooth = Mode == PacingMode.Smooth || (Mode == PacingMode.Auto && _startsSmooth);
        var cause = Mode != PacingMode.Auto ? ShapeCause.Chosen : _startsSmooth ? ShapeCause.HubHint : ShapeCause.NothingKnown;
        Become(isSmooth ? SmoothBurst(_limit) : _limit.Count, cause, now);
    }

    private void Become(int burst, ShapeCause cause, long now)
    {
        (Burst, Cause, Since) = (burst, cause, now);
        _clean = 0;
    }
}
