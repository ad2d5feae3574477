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
            return;

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
            return false;

        ApplyShape();
        return true;
    }

    /// <summary>What refusals taught of bursts; null when nothing is different for it.</summary>
    public LearnedBursts? LearnedBursts => _shaper?.Learned;

    /// <summary>Takes up what a pacer before this one had learned of bursts.</summary>
    public void RecallBursts(LearnedBursts learned, long now)
    {
        _shaper?.Recall(learned, now);
        ApplyShape();
    }

    /// <summary>What was learned of bursts is no longer believed.</summary>
    public void ForgetBursts(long now)
    {
        if (_shaper is { } shaper)
        {
            _shaper = new Shaper(shaper.Mode, shaper.StartsSmooth, Limit, Guard, now);
            ApplyShape();
        }
    }

    /// <summary>A refusal was not the fault of the bursts, small as they are.</summary>
    public void ExcuseBursts() => _shaper?.Excuse();

    /// <summary>Bursts that were not at fault are as they were before the refusals. True when they are larger.</summary>
    public bool RestoreBursts(long now)
    {
        if (_shaper is null || !_shaper.Restore(now))
            return false;

        ApplyShape();
        return true;
    }

    /// <summary>Sends in the interval up to <paramref name="at"/>, that moment included, the guard not; 0 where they are not held one by one.</summary>
    public int SentBefore(long at) => _window.CountBefore(at);

    /// <summary>The same, of the queries of one source, in any interval; of all where they are not told apart.</summary>
    public int SentBefore(Guid source, long at, int seconds)
    {
        if (_senders is null || !_window.IsExact)
            return _window.CountBefore(at);

        var (count, since) = (0, at - (seconds * SendWindow.Second));
        foreach (var sender in _senders)
            count += sender.Source == source && sender.At > since && sender.At <= at ? 1 : 0;

        return count;
    }

    private void ApplyShape() => _window.SetSlice(_shaper?.SliceMost ?? 0, _shaper?.SliceSpan ?? 0);
}
