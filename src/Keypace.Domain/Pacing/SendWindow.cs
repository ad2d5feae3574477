using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>
/// The newest send stamps of one rate group: at most N in every half-open window of T. Ticks are nanoseconds of a monotonic clock.
/// A ring of sorted stamps that grows with what was really sent (8 bytes a stamp, 8 MB at N = 1,000,000). A permit that is granted and not
/// yet stamped counts as sent, for as long as that takes.
/// </summary>
public sealed class SendWindow
{
    /// <summary>Ticks in a second.</summary>
    public const long Second = 1_000_000_000;

    private StampRing _stamps;
    private int _most;
    private long _span;          // T + guard
    private int _olderMost;      // of limits that ruled less than their span ago
    private long _olderSpan;
    private long _olderUntil = long.MinValue;

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
    }

    public RateLimit Limit { get; private set; }

    public long Guard { get; private set; }

    /// <summary>T and the guard, in ticks: a stamp counts for this long.</summary>
    public long Span => _span;

    /// <summary>Permits granted and neither stamped nor returned.</summary>
    public int Outstanding { get; private set; }

    /// <summary>Stamps that are held, old ones included.</summary>
    public int Held => _stamps.Count;

    /// <summary>The newest stamp; <see cref="long.MinValue"/> without one.</summary>
    public long LastSent => _stamps.Count == 0 ? long.MinValue : _stamps[_stamps.Count - 1];

    /// <summary>One comparison: the stamp that has to leave the window before the next send has left it.</summary>
    public bool IsFree(long now)
    {
        var needed = _most - Outstanding;
        return needed > 0 && (_stamps.Count < needed || _stamps[_stamps.Count - needed] + _span <= now);
    }

    /// <summary>Tick of the next free permit; <see cref="long.MaxValue"/> while that hangs on a permit that is out.</summary>
    public long NextFree(long now)
    {
        var needed = _most - Outstanding;
        return needed <= 0 ? long.MaxValue : _stamps.Count < needed ? now : Math.Max(now, _stamps[_stamps.Count - needed] + _span);
    }

    /// <summary>
    /// Tick of the permit after <paramref name="position"/> others, if each is used when it comes, permits that are out are used now, and
    /// none
    /// comes before <paramref name="gate"/>.
    /// </summary>
    public long Expected(int position, long now, long gate)
    {
        var (rounds, place) = Math.DivRem(position, _most);
        var index = _stamps.Count + Outstanding - _most + place;
        var start = Math.Max(now, gate);
        if (index >= 0)
        {
            start = Math.Max(start, (index < _stamps.Count ? _stamps[index] : now) + _span);
        }

        return start + (rounds * _span);
    }

    /// <summary>Permits that are free at <paramref name="at"/> if none is taken before.</summary>
    public int FreeBy(long at) => Math.Max(0, _most - Outstanding - (_stamps.Count - _stamps.CountUpTo(at - _span)));

    /// <summary>Takes a permit. Only when <see cref="IsFree"/>.</summary>
    public void Take() => Outstanding++;

    /// <summary>A permit that was taken comes back unused.</summary>
    public void Return()
    {
        ThrowIfNoneOut();
        Outstanding--;
    }

    /// <summary>A permit that was taken was used at <paramref name="at"/>; stamps may come late and out of order.</summary>
    public void Sent(long at)
    {
        ThrowIfNoneOut();
        Outstanding--;
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

    /// <summary>Counts sends that were made under no permit of this window: before a restart, or by somebody else.</summary>
    public void AssumeSent(int count, long at)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, RateLimit.MostCount);
        _stamps.InsertMany(at, count);
        HoldMore(at);
    }

    /// <summary>Puts stamps back that a stopped process had saved.</summary>
    public void Restore(ReadOnlySpan<long> stamps)
    {
        foreach (var stamp in stamps)
        {
            _stamps.Insert(stamp);
        }

        HoldMore(LastSent);
    }

    /// <summary>The stamps that still count at <paramref name="now"/>, oldest first.</summary>
    public long[] Counting(long now) => _stamps.After(now - _span);

    /// <summary>
    /// Rules from now on. Stamps that the limit before had still counted stay held, so that lowering and raising again forgets nothing.
    /// </summary>
    public void ChangeLimit(RateLimit limit, long guard, long now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(guard);
        ThrowIfOutside(limit);
        var stillOlder = now < _olderUntil;
        _olderMost = stillOlder ? Math.Max(_olderMost, _most) : _most;
        _olderSpan = stillOlder ? Math.Max(_olderSpan, _span) : _span;
        _olderUntil = stillOlder ? Math.Max(_olderUntil, now + _span) : now + _span;
        Limit = limit;
        Guard = guard;
        _most = limit.Count;
        _span = (limit.Seconds * Second) + guard;
        Trim(now);
    }

    /// <summary>Nothing that is held counts any more, under this limit or one that ruled lately.</summary>
    public bool IsEmptyAt(long now) =>
        Outstanding == 0 && (LastSent == long.MinValue || LastSent + Math.Max(_span, now < _olderUntil ? _olderSpan : 0) <= now);

    /// <summary>More than N from before a restart: the limit was higher then, and may be raised again.</summary>
    private void HoldMore(long newest)
    {
        if (_stamps.Count > _most)
        {
            _olderMost = Math.Min(RateLimit.MostCount, Math.Max(_olderMost, _stamps.Count));
            _olderSpan = Math.Max(_olderSpan, _span);
            _olderUntil = Math.Max(_olderUntil, newest + _span);
            Trim(long.MinValue);
        }
    }

    private int Capacity(long now) => now < _olderUntil ? Math.Max(_most, _olderMost) : _most;

    private void Trim(long now)
    {
        var capacity = Capacity(now);
        var keepFor = now < _olderUntil ? Math.Max(_span, _olderSpan) : _span;
        while (_stamps.Count > capacity || (_stamps.Count > _most && _stamps[0] + keepFor <= now))
        {
            _stamps.DropOldest();
        }
    }

    private void ThrowIfNoneOut()
    {
        if (Outstanding == 0)
        {
            throw new InvalidOperationException("No permit is out.");
        }
    }

    private static void ThrowIfOutside(RateLimit limit)
    {
        if (!limit.IsWithinBounds)
        {
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "A rate limit is 1 to 1,000,000 in 1 to 86,400 seconds.");
        }
    }
}
