using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// The newest send stamps of one rate group: at most N in every half-open window of T, and where the hub enforces in slices also at most b in
/// every slice. Ticks are nanoseconds of a monotonic clock. A ring of sorted stamps that grows with what was really sent (8 bytes a stamp);
/// above N = 65,536 sums by slot, 32 KB whatever N is, which count a send up to 1/4000 of T longer. A permit that is granted and not yet
/// stamped counts as sent, for as long as that takes.
/// </summary>
public sealed partial class SendWindow
{
    /// <summary>Ticks in a second.</summary>
    public const long Second = 1_000_000_000;

    private StampRing _stamps;      // with slots: only the newest, as many as a slice needs
    private int _most;
    private long _span;             // T + guard
    private int _sliceMost;         // 0: no slices
    private long _sliceSpan;
    private long _changes;          // counts what may move an expected start

    /// <param name="limit">N and T, within bounds.</param>
    /// <param name="guard">Added to T, in ticks: covers what the way to the hub adds and takes away. 0 or more.</param>
    public SendWindow(RateLimit limit, long guard)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(guard);
        ThrowIfOutside(limit);
        Limit = limit;
        Guard = guard;
        _most = limit.Count;
        _span = (limit.Seconds * Second) + guard;
        _slots = _most > MostExact ? new SlottedSum(Slots, _span) : null;
    }

    public RateLimit Limit { get; private set; }

    public long Guard { get; private set; }

    /// <summary>T and the guard, in ticks: a stamp counts for this long.</summary>
    public long Span => _span;

    /// <summary>Permits granted and neither stamped nor returned.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Stamps that are held, old ones included.</summary>
    public int Held => _slots is null ? _stamps.Count : (int)_slots.Total;

    /// <summary>The newest stamp; <see cref="long.MinValue"/> without one.</summary>
    public long LastSent { get; private set; } = long.MinValue;

    /// <summary>One comparison, two with slices: the stamp that has to leave the window before the next send has left it.</summary>
    public bool IsFree(long now)
    {
        if (_slots is not null)
            return IsFreeBySlots(now) && IsFreeBySlice(now);

        var needed = _most - Outstanding;
        return needed > 0
            && (_stamps.Count < needed || _stamps[_stamps.Count - needed] + _span <= now)
            && (_sliceMost == 0 || IsFreeBySlice(now));
    }

    /// <summary>Only the slice is in the way.</summary>
    public bool IsHeldBySlice(long now) => !IsFreeBySlice(now) && FreeBy(now) > 0;

    /// <summary>Tick of the next free permit; <see cref="long.MaxValue"/> while that hangs on a permit that is out.</summary>
    public long NextFree(long now)
    {
        var needed = _most - Outstanding;
        var next = needed <= 0 ? long.MaxValue
            : _slots is not null ? _slots.WhenAtMost(needed - 1, _span, now)
            : _stamps.Count < needed ? now
            : Math.Max(now, _stamps[_stamps.Count - needed] + _span);
        return _sliceMost == 0 ? next : Math.Max(next, NextFreeBySlice(now));
    }

    /// <summary>
    /// Tick of the permit after <paramref name="position"/> others, if each is used when it comes, permits that are out are used now, and
    /// none comes before <paramref name="gate"/>.
    /// </summary>
    public long Expected(int position, long now, long gate) =>
        _sliceMost == 0 ? ExpectedByWindow(position, Math.Max(now, gate), now) : ExpectedBySlices(position, Math.Max(now, gate), now);

    /// <summary>Permits that the window has free at <paramref name="at"/> if none is taken before, whatever slices say.</summary>
    public int FreeBy(long at) => Math.Max(0, _most - Outstanding - CountAt(at));

    /// <summary>Takes a permit. Only when <see cref="IsFree"/>.</summary>
    public void Take()
    {
        Outstanding++;
        _changes++;
    }

    /// <summary>A permit that was taken comes back unused.</summary>
    public void Return()
    {
        ThrowIfNoneOut();
        Outstanding--;
        _changes++;
    }

    /// <summary>A permit that was taken was used at <paramref name="at"/>; stamps may come late and out of order.</summary>
    public void Sent(long at)
    {
        ThrowIfNoneOut();
        Outstanding--;
        _changes++;
        LastSent = Math.Max(LastSent, at);
        if (_slots is not null)
        {
            AddToSlots(at, 1);
            return;
        }

        Trim(at);
        if (_stamps.Count < Capacity(at))
        {
            _stamps.Insert(at);
        }
        else if (at > _stamps[0])   // only the newest N are ever looked at: the oldest makes room
        {
            _stamps.DropOldest();
            _stamps.Insert(at);
        }
    }

    /// <summary>The stamps that still count at <paramref name="now"/>, oldest first; with slots, the ends of their slots.</summary>
    public long[] Counting(long now) => _slots is null ? _stamps.After(now - _span) : CountingBySlots(now);

    /// <summary>Stamps in the T up to <paramref name="at"/>, the guard not counted; 0 with slots.</summary>
    internal int CountBefore(long at) => _slots is null ? _stamps.CountUpTo(at) - _stamps.CountUpTo(at - (_span - Guard)) : 0;

    private int CountAt(long at) => _slots is null ? _stamps.Count - _stamps.CountUpTo(at - _span) : (int)_slots.TotalAt(at, _span);

    private long ExpectedByWindow(int position, long start, long now)
    {
        var (rounds, place) = Math.DivRem(position, _most);
        return Math.Max(start, WindowAllows(place, now)) + (rounds * (_slots is null ? _span : _span + _slots.Width));
    }

    /// <summary>The tick from which what was sent so far lets the permit after <paramref name="place"/> others go; place is below N.</summary>
    private long WindowAllows(int place, long now)
    {
        var free = _most - Outstanding - place - 1;
        if (_slots is not null)
            return free < 0 ? now + _span + _slots.Width : _slots.WhenAtMost(free, _span, now);

        var index = _stamps.Count - 1 - free;
        return index < 0 ? now : (index < _stamps.Count ? _stamps[index] : now) + _span;
    }

    private void ThrowIfNoneOut()
    {
        if (Outstanding == 0)
            throw new InvalidOperationException("No permit is out.");
    }

    private static void ThrowIfOutside(RateLimit limit)
    {
        if (!limit.IsWithinBounds)
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "A rate limit is 1 to 1,000,000 in 1 to 86,400 seconds.");
    }
}
