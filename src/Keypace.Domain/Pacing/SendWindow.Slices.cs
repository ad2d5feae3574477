namespace Keypace.Domain.Pacing;

/// <summary>At most b in every slice of the interval, beside at most N in the whole: the same stamps, looked at a second time.</summary>
public sealed partial class SendWindow
{
    private List<long>? _schedule;   // expected starts by position, as far as anybody asked; null before anybody did
    private long _scheduleChanges = -1;
    private long _scheduleStart;

    /// <summary>Most sends in any <see cref="SliceSpan"/>; 0 without slices.</summary>
    public int SliceMost => _sliceMost;

    /// <summary>How long a send counts in its slice, in ticks; guard included.</summary>
    public long SliceSpan => _sliceSpan;

    /// <summary>From now on at most <paramref name="most"/> sends in any <paramref name="span"/> ticks; 0: no slices.</summary>
    public void SetSlice(int most, long span)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, MostExact);
        ArgumentOutOfRangeException.ThrowIfNegative(span);
        (_sliceMost, _sliceSpan) = (most, span);
        _changes++;
        if (_slots is not null)
            ForgetBeforeSlice();
    }

    private bool IsFreeBySlice(long now)
    {
        if (_sliceMost == 0)
            return true;

        var needed = _sliceMost - Outstanding;
        return needed > 0 && (_stamps.Count < needed || _stamps[_stamps.Count - needed] + _sliceSpan <= now);
    }

    private long NextFreeBySlice(long now)
    {
        var needed = _sliceMost - Outstanding;
        return needed <= 0 ? long.MaxValue : _stamps.Count < needed ? now : Math.Max(now, _stamps[_stamps.Count - needed] + _sliceSpan);
    }

    /// <summary>
    /// Plays the sends to come one by one, as there is no formula where b does not divide N. Each step of the answer is kept while nothing
    /// changes.
    /// </summary>
    private long ExpectedBySlices(int position, long start, long now)
    {
        var schedule = _schedule ??= [];
        // Time alone changes nothing as long as the first start is still to come and no permit is out.
        var stands = schedule.Count > 0 && _scheduleChanges == _changes
            && (start == _scheduleStart || (Outstanding == 0 && start > _scheduleStart && start <= schedule[0]));
        if (!stands)
        {
            schedule.Clear();
            (_scheduleChanges, _scheduleStart) = (_changes, start);
        }

        while (schedule.Count <= position)
            schedule.Add(Math.Max(start, AllowsAfter(schedule, now)));

        return schedule[position];
    }

    /// <summary>The tick from which the window lets another send go after those of <paramref name="starts"/>, which are still to come.</summary>
    internal long AllowsAfter(List<long> starts, long now)
    {
        var place = starts.Count;
        var at = place == 0 ? now : starts[place - 1];
        at = Math.Max(at, place < _most ? WindowAllows(place, now) : starts[place - _most] + _span + (_slots?.Width ?? 0));
        return _sliceMost == 0 ? at : Math.Max(at, place < _sliceMost ? SliceAllows(place, now) : starts[place - _sliceMost] + _sliceSpan);
    }

    private long SliceAllows(int place, long now)
    {
        var index = _stamps.Count + Outstanding - _sliceMost + place;
        return index < 0 ? now : (index < _stamps.Count ? _stamps[index] : now) + _sliceSpan;
    }
}
