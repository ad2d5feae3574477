using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>What was sent under another limit, under no permit, or before a restart.</summary>
public sealed partial class SendWindow
{
    private int _olderMost;      // of limits that ruled less than their span ago
    private long _olderSpan;
    private long _olderUntil = long.MinValue;

    /// <summary>Counts sends that were made under no permit of this window: before a restart, or by somebody else.</summary>
    /// <param name="count">0 to 1,000,000.</param>
    public void AssumeSent(int count, long at)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, RateLimit.MostCount);
        if (count <= 0)
        {
            return;
        }

        _changes++;
        LastSent = Math.Max(LastSent, at);
        if (_slots is not null)
        {
            AddToSlots(at, count);
            return;
        }

        _stamps.InsertMany(at, count);
        HoldMore(at);
    }

    /// <summary>Puts stamps back that a stopped process had saved.</summary>
    public void Restore(ReadOnlySpan<long> stamps)
    {
        foreach (var stamp in stamps)
        {
            LastSent = Math.Max(LastSent, stamp);
            if (_slots is not null)
            {
                AddToSlots(stamp, 1);
            }
            else
            {
                _stamps.Insert(stamp);
            }
        }

        _changes++;
        HoldMore(LastSent);
    }

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
        _changes++;
        Limit = limit;
        Guard = guard;
        _most = limit.Count;
        _span = (limit.Seconds * Second) + guard;
        ChooseForm(now);
        Trim(now);
    }

    /// <summary>Nothing that is held counts any more, under this limit or one that ruled lately.</summary>
    public bool IsEmptyAt(long now) =>
        Outstanding == 0 && (LastSent == long.MinValue || LastSent + LongestSpan(now) + (_slots?.Width ?? 0) <= now);

    /// <summary>More than N from before a restart: the limit was higher then, and may be raised again.</summary>
    private void HoldMore(long newest)
    {
        if (_slots is null && _stamps.Count > _most)
        {
            _olderMost = Math.Min(RateLimit.MostCount, Math.Max(_olderMost, _stamps.Count));
            _olderSpan = Math.Max(_olderSpan, _span);
            _olderUntil = Math.Max(_olderUntil, newest + _span);
            Trim(long.MinValue);
        }
    }

    private int Capacity(long now) => now < _olderUntil ? Math.Max(_most, _olderMost) : _most;

    private long LongestSpan(long now) => now < _olderUntil ? Math.Max(_span, _olderSpan) : _span;

    private void Trim(long now)
    {
        if (_slots is not null)
        {
            return;
        }

        var capacity = Capacity(now);
        var keepFor = LongestSpan(now);
        while (_stamps.Count > capacity || (_stamps.Count > _most && _stamps[0] + keepFor <= now))
        {
            _stamps.DropOldest();
        }
    }
}
