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
/// <param name="Slice">A slice's length in ticks, its guard included; 0 when whole bursts go.</param>
/// <param name="Since">Tick of the last change.</param>
/// <param name="Use">Share of the limit that the guards within slices leave to be used.</param>
public readonly record struct ShapeState(PacingMode Mode, int Burst, long Slice, ShapeCause Cause, long Since, double Use = 1)
{
    /// <summary>A second's worth of the limit at once, or less: that is what smooth means. Everything between it and N is a smaller burst.</summary>
    public bool IsSmooth(RateLimit limit) => Slice > 0 && Burst <= Shaper.SmoothBurst(limit);
}

/// <summary>What refusals taught of bursts, as it is kept. Numbers are shares of <paramref name="Of"/>, the limit that ruled then.</summary>
/// <param name="Before">The burst to come back to soon; 0: none.</param>
/// <param name="RefusedAt">The smallest that was refused; <see cref="int.MaxValue"/>: none.</param>
public sealed record LearnedBursts(RateLimit Of, int Burst, int Before, int RefusedAt, bool IsFound, bool IsGuarded);
