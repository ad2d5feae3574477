namespace Keypace.Domain.Pacing;

/// <summary>The form for large limits: how many in each slot, and not when exactly.</summary>
public sealed partial class SendWindow
{
    /// <summary>The largest limit that is counted stamp by stamp: 512 KB at most.</summary>
    public const int MostExact = 65_536;

    /// <summary>A send counts at most 1/4000 of T longer than it must. 8 bytes each.</summary>
    public const int Slots = 4000;

    private SlottedSum? _slots;

    private bool IsFreeBySlots(long now)
    {
        var needed = _most - Outstanding;
        if (needed <= 0)
            return false;

        if (now >= _olderUntil && _olderMost > 0)
        {
            ChooseForm(now);   // a limit of before no longer counts: a finer or an exact form
            return IsFree(now);
        }

        _slots!.At(now);
        return (_slots.Span == _span ? _slots.Total : _slots.TotalAt(now, _span)) < needed;
    }

    private void AddToSlots(long at, long count)
    {
        _slots!.Add(at, count);
        Keep(at, count, _sliceMost);
    }

    /// <summary>Holds the newest <paramref name="most"/> stamps.</summary>
    private void Keep(long at, long count, int most)
    {
        for (var left = Math.Min(count, most); left > 0; left--)
        {
            if (_stamps.Count >= most)
            {
                if (at <= _stamps[0])
                    return;

                _stamps.DropOldest();
            }

            _stamps.Insert(at);
        }
    }

    private long[] CountingBySlots(long now)
    {
        var stamps = new long[_slots!.TotalAt(now, _span)];
        var (place, skip) = (0, _slots.Total - stamps.Length);
        foreach (var (at, amount) in _slots.Held())
        {
            var left = (int)(amount - Math.Min(skip, amount));
            skip -= amount - left;
            Array.Fill(stamps, at, place, left);
            place += left;
        }

        return stamps;
    }

    /// <summary>Exact while the largest limit that still counts is small, slots otherwise; slots as fine as the longest span allows.</summary>
    private void ChooseForm(long now)
    {
        if (now >= _olderUntil)
            (_olderMost, _olderSpan, _olderUntil) = (0, 0, long.MinValue);

        var span = LongestSpan(now);
        if (Capacity(now) <= MostExact)
        {
            if (_slots is { } slots)
            {
                _slots = null;
                _stamps = default;
                slots.At(now);
                foreach (var (at, amount) in slots.Held())
                    Keep(at, amount, Capacity(now));
            }
        }
        else if (_slots is null || _slots.Span != span)
        {
            var next = new SlottedSum(Slots, span);
            foreach (var (at, amount) in _slots?.Held() ?? Exact(_stamps))
                next.Add(at, amount);

            next.At(now);
            _slots = next;
            ForgetBeforeSlice();
        }
    }

    private static IEnumerable<(long At, long Amount)> Exact(StampRing stamps)
    {
        for (var i = 0; i < stamps.Count; i++)
            yield return (stamps[i], 1);
    }

    private void ForgetBeforeSlice()
    {
        if (_sliceMost == 0)
            _stamps = default;

        while (_stamps.Count > _sliceMost)
            _stamps.DropOldest();
    }
}
