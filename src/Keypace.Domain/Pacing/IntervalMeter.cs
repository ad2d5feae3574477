namespace Keypace.Domain.Pacing;

/// <summary>Any window of the interval; a slot of 1/500 of it is the resolution, 4 KB.</summary>
internal sealed class IntervalMeter(Quota quota, long guard) : QuotaMeter(quota)
{
    private const int Slots = 500;

    /// <summary>Seconds.</summary>
    private const int TrustsWallFrom = 3600;

    private readonly SlottedSum _sum = new(Slots, quota.Slice > 0 ? quota.Slice : (quota.Seconds * SendWindow.Second) + guard);

    public override long Earliest(long amount, long now)
    {
        _ = _sum.At(now);
        return _sum.WhenAtMost(Quota.Limit - amount - Reserved, _sum.Span, now);
    }

    public override long Reach => _sum.Span;

    public override void Assume(long amount, long at) => _sum.Add(at, amount);

    /// <summary>Short intervals trust only what has certainly passed; for long ones the wall clock says how long a machine was off.</summary>
    public override void Recall(long amount, long at, DateTimeOffset wallAt, DateTimeOffset wall, long now)
    {
        at = Quota.Seconds > TrustsWallFrom ? Math.Min(at, now - Math.Max(0, (wall - wallAt).Ticks * 100)) : at;
        base.Recall(amount, at, wallAt, wall, now);
    }

    public override List<Use> Held(long now)
    {
        _ = _sum.At(now);
        return [.. _sum.Held().Select(held => new Use(held.At, held.Amount))];
    }

    public override long Coarseness => _sum.Width;

    public override long AtOf(long mark) => mark * _sum.Width;

    public override IEnumerable<(long Until, long Amount)> Counting(long now)
    {
        _ = _sum.At(now);
        return _sum.Held().Select(held => (held.At + _sum.Span, held.Amount));
    }

    public override long UntilOf(long at) => _sum.UntilOf(at);

    protected override long Stamped(long now) => _sum.At(now);

    protected override long Stamp(long amount, long at) => _sum.Add(at, amount);

    protected override void TakeBack(long mark, long amount) => _sum.Lower(mark, amount);
}
