namespace Keypace.Domain.Pacing;

/// <summary>How the allowance is spent within the interval.</summary>
public sealed partial class Pacer
{
    private Shaper? _shaper;   // null: bursts of N, which costs nothing

    /// <summary>What the shaper does now and why; a pacer that was told nothing sends bursts of N.</summary>
    public ShapeState Shape => _shaper?.State ?? new(PacingMode.Burst, Limit.Count, 0, ShapeCause.Chosen, long.MinValue);

    /// <summary>A refusal would still make the bursts smaller.</summary>
    public bool CanShrinkBursts => _shaper is { CanShrink: true };

    /// <summary>
    /// How bursts are sent from now on; what was learned before is forgotten unless nothing changes.
    /// </summary>
    /// <param name="startsSmooth">The hub is known to enforce in slices; only for <see cref="PacingMode.Auto"/>.</param>
    public void ChangeShape(PacingMode mode, bool startsSmooth, long now)
    {
        if (mode == Shape.Mode && _shaper?.StartsSmooth == startsSmooth)
        {
            return;
        }

        _shaper = mode == PacingMode.Burst ? null : new Shaper(mode, startsSmooth, Limit, Guard, now);
        ApplyShape();
    }

    /// <summary>
    /// The hub refused a query that was sent at <paramref name="sentAt"/> although the limit was kept. True when bursts are smaller from now
    /// on: half as large, once for all refusals of queries that were sent before.
    /// </summary>
    public bool Refused(long sentAt, long now)
    {
        if (_shaper is null || !_shaper.Refused(sentAt, now))
        {
            return false;
        }

        ApplyShape();
        return true;
    }

    private void ApplyShape() => _window.SetSlice(_shaper?.SliceMost ?? 0, _shaper?.SliceSpan ?? 0);
}
