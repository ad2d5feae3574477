namespace Keypace.Domain.Pacing;

/// <summary>
/// A calendar day of a zone. The hub's clock may be two minutes off ours: what is sent around midnight counts in both days. The wall clock is
/// read when a day begins, not while it runs: a clock set forward in the middle ends no day early.
/// </summary>
internal sealed class CalendarMeter(Quota quota) : QuotaMeter(quota)
{
    /// <summary>How far the hub's clock may be off, in ticks.</summary>
    public const long DeadBand = 120 * SendWindow.Second;

    /// <summary>No day is shorter: 23 hours where the clocks go forward, less the dead band and what a clock is corrected by.</summary>
    private const long ShortestDay = 22L * 3600 * SendWindow.Second;

    private readonly SlottedSum _when = new(500, LongestDay);   // the same, for limits to come that count in another way
    private long _used;         // of the day that runs
    private long _usedAround;   // of it, since the dead band before midnight began: belongs to the next day too
    private long _ends = long.MinValue;   // the dead band after midnight; MinValue: no wall clock was read yet
    private long _day;

    /// <summary>25 hours where the clocks go back, and both dead bands.</summary>
    private const long LongestDay = (25L * 3600 * SendWindow.Second) + (2 * DeadBand);

    public override long Reach => LongestDay;

    /// <summary>The day's end, in ticks; <see cref="long.MaxValue"/> before a wall clock was read.</summary>
    public long Ends => _ends == long.MinValue ? long.MaxValue : _ends;

    /// <summary>Reads the wall clock where that is due: at the first time, and after a day's end.</summary>
    public void Tell(DateTimeOffset wall, long now)
    {
        if (_ends == long.MinValue)
        {
            _ends = NextEnd(wall, now);
        }
        else if (now >= _ends)
        {
            (_used, _usedAround) = (now < _ends + ShortestDay ? _usedAround : 0, 0);
            _day++;
            _ends = Math.Max(NextEnd(wall, now), now + ShortestDay);
        }
    }

    public override long Earliest(long amount, long now) =>
        Allows(amount, now) ? now
        : Quota.Limit < amount + Reserved + _usedAround ? long.MaxValue   // not even in the next day, as far as one knows now
        : Ends;

    public override void Assume(long amount, long at) => Stamp(amount, at);

    /// <summary>Of today, and of the last minutes of yesterday, which count in both days.</summary>
    public override void Recall(long amount, long at, DateTimeOffset wallAt, DateTimeOffset wall, long now)
    {
        var midnight = TimeZoneInfo.ConvertTime(wall, Quota.Zone!).Date;
        if (wallAt > new DateTimeOffset(midnight, Quota.Zone!.GetUtcOffset(midnight)) - TimeSpan.FromTicks(DeadBand / 100))
        {
            Stamp(amount, at);
        }
    }

    public override List<Use> Held(long now)
    {
        _ = _when.At(now);
        return [.. _when.Held().Select(held => new Use(held.At, held.Amount))];
    }

    public override long AtOf(long mark) => (mark >> 8) * _when.Width;

    public override IEnumerable<(long Until, long Amount)> Counting(long now) => _used > 0 ? [(Ends, _used)] : [];

    public override long UntilOf(long at) => at < Ends ? Ends : long.MaxValue;

    protected override long Stamped(long now) => _used;

    protected override long Stamp(long amount, long at)
    {
        _used += amount;
        _usedAround += IsAround(at) ? amount : 0;
        return (_when.Add(at, amount) << 8) | (DayMark(_day) << 1) | (IsAround(at) ? 1L : 0);
    }

    protected override void TakeBack(long mark, long amount)
    {
        var (day, wasAround) = ((mark >> 1) & 0x7F, (mark & 1) != 0);
        _when.Lower(mark >> 8, amount);
        if (day == DayMark(_day))
        {
            _used -= amount;
            _usedAround -= wasAround ? amount : 0;
        }
        else if (day == DayMark(_day - 1) && wasAround)
        {
            _used -= amount;
        }
    }

    /// <summary>No query runs for months.</summary>
    private static long DayMark(long day) => day & 0x7F;

    private bool IsAround(long at) => _ends != long.MinValue && at >= _ends - (2 * DeadBand);

    private long NextEnd(DateTimeOffset wall, long now)
    {
        var zone = Quota.Zone!;
        var midnight = TimeZoneInfo.ConvertTime(wall, zone).Date.AddDays(1);
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(15);   // a day that begins at one o'clock
        }

        var until = (new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)) - wall).Ticks * 100;
        return now + Math.Max(0, until) + DeadBand;
    }
}
