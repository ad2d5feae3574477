namespace Keypace.Domain.Pacing;

/// <summary>
/// A calendar day of a zone. The hub's clock may be two minutes off ours: what is sent in the two minutes before and after midnight counts once in
/// each of the two days. A day ends two minutes after midnight. The wall clock is read when a day begins, not while it runs: a clock set
/// forward in the middle ends no day early.
/// </summary>
internal sealed class CalendarMeter(Quota quota) : QuotaMeter(quota)
{
    /// <summary>How far the hub's clock may be off, in ticks.</summary>
    public const long DeadBand = 120 * SendWindow.Second;

    /// <summary>No day is shorter: 23 hours where the clocks go forward, less the dead band and what a clock is corrected by.</summary>
    private const long ShortestDay = 22L * 3600 * SendWindow.Second;

    private const long Day = 24L * 3600 * SendWindow.Second;

    private readonly SlottedSum _when = new(500, LongestDay);   // the same, for limits to come that count in another way
    private long _used;         // of the day that runs
    private long _usedAround;   // of it, since the dead band before midnight began: belongs to the next day too
    private long _ends = long.MinValue;   // the dead band after midnight; MinValue: no wall clock was read yet
    private long _following = long.MaxValue;   // the same of the next day, as far as one knows now
    private long _day;

    /// <summary>25 hours where the clocks go back, and both dead bands.</summary>
    private const long LongestDay = (25L * 3600 * SendWindow.Second) + (2 * DeadBand);

    public override long Reach => LongestDay;

    /// <summary>The day's end, in ticks; <see cref="long.MaxValue"/> before a wall clock was read.</summary>
    public long Ends => _ends == long.MinValue ? long.MaxValue : _ends;

    /// <summary>Reads the wall clock where that is due: at the first time, and after a day's end.</summary>
    /// <returns>True when a day has begun, or is known now.</returns>
    public bool Tell(DateTimeOffset wall, long now)
    {
        if (_ends == long.MinValue)
        {
            // In the first two minutes the day before runs still.
            (_ends, _following) = NextEnds(wall.AddTicks(-DeadBand / 100), wall, now);
            return true;
        }

        if (now >= _ends)
        {
            Begin(wall, now);
            return true;
        }

        return false;
    }

    /// <summary>A day began at <see cref="_ends"/>, a moment ago or long ago: nobody asks while nobody waits.</summary>
    private void Begin(DateTimeOffset wall, long now)
    {
        var isPast = now >= _following;   // a whole day has gone by since
        var isLate = now >= _ends + DeadBand;
        var told = _following;
        (_used, _usedAround) = (isPast ? 0 : _usedAround, 0);
        _day++;
        (_ends, _following) = NextEnds(isLate ? wall.AddTicks(-DeadBand / 100) : wall, wall, now);
        var least = isPast ? now : isLate ? told - (2 * SendWindow.Second * 3600) : now + ShortestDay;
        if (_ends < least)
        {
            (_ends, _following) = (least, Math.Max(_following, least + ShortestDay));   // the clock was set
        }
    }

    public override long Earliest(long amount, long now) =>
        Allows(amount, now) ? now
        : Quota.Limit < amount + Reserved ? long.MaxValue   // that hangs on permits that are out
        : Quota.Limit < amount + Reserved + _usedAround ? _following
        : Ends;

    public override void Assume(long amount, long at) => Stamp(amount, at);

    /// <summary>Of today, and of the last minutes of yesterday, which count in both days.</summary>
    public override void Recall(long amount, long at, DateTimeOffset wallAt, DateTimeOffset wall, long now)
    {
        var midnight = TimeZoneInfo.ConvertTime(wall.AddTicks(-DeadBand / 100), Quota.Zone!).Date;
        if (wallAt > new DateTimeOffset(midnight, Quota.Zone!.GetUtcOffset(midnight)) - TimeSpan.FromTicks(DeadBand / 100))
            Stamp(amount, at);
    }

    public override List<Use> Held(long now)
    {
        _ = _when.At(now);
        return [.. _when.Held().Select(held => new Use(held.At, held.Amount))];
    }

    public override long Coarseness => _when.Width;

    public override long AtOf(long mark) => (mark >> 8) * _when.Width;

    public override IEnumerable<(long Until, long Amount)> Counting(long now)
    {
        if (_used > _usedAround)
            yield return (Ends, _used - _usedAround);

        if (_usedAround > 0)
            yield return (_following, _usedAround);
    }

    public override long UntilOf(long at)
    {
        var end = EndAfter(at);
        return end == long.MaxValue || at < end - (2 * DeadBand) ? end : EndAfter(end);
    }

    public override long EarliestAfter(long before, long amount, long now)
    {
        var over = before + amount - Math.Max(0, Quota.Limit - Used(now));
        if (over <= 0 || Ends == long.MaxValue)
            return Earliest(amount, now);

        var end = Ends;
        for (var days = Math.Min((over - 1) / Quota.Limit, 400); days > 0; days--)
            end = EndAfter(end);

        return end;
    }

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

    /// <summary>The end of the day that runs at a tick. Days after the next are taken for 24 hours.</summary>
    private long EndAfter(long at) =>
        at < Ends ? Ends
        : at < _following ? _following
        : _following == long.MaxValue ? long.MaxValue
        : _following + ((((at - _following) / Day) + 1) * Day);

    /// <summary>When the day of a moment ends, and the one after it, in ticks.</summary>
    private (long Ends, long Following) NextEnds(DateTimeOffset moment, DateTimeOffset wall, long now)
    {
        var day = TimeZoneInfo.ConvertTime(moment, Quota.Zone!).Date;
        return (EndOf(day, wall, now), EndOf(day.AddDays(1), wall, now));
    }

    private long EndOf(DateTime day, DateTimeOffset wall, long now)
    {
        var zone = Quota.Zone!;
        var midnight = day.AddDays(1);
        while (zone.IsInvalidTime(midnight))
        {
            midnight = midnight.AddMinutes(15);   // a day that begins at one o'clock
        }

        var until = (new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)) - wall).Ticks * 100;
        return now + Math.Max(-DeadBand, until) + DeadBand;
    }
}
