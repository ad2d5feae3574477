using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>What was sent under another limit, under no permit, or before a restart.</summary>
public sealed partial class SendWindow
{
    /// <summary>
    /// A limit of before decides for so long how much is held: who lowers one and raises it again has sent what was sent in between. In ticks.
    /// </summary>
    private const long KeepsOlder = 24 * 3600 * Second;

    private int _olderMost;      // of limits that ruled lately
    private long _olderSpan;
    private long _olderUntil = long.MinValue;

    /// <summary>Counts sends that were made under no permit of this window: before a restart, or by somebody else.</summary>
    /// <param name="count">0 to 1,000,000.</param>
    public void AssumeSent(int count, long at)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, RateLimit.MostCount);
        if (count <= 0)
            return;

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
                AddToSlots(stamp, 1);
            else
                _stamps.Insert(stamp);
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
        _olderUntil = now + KeepsOlder;
        _changes++;
        Limit = limit;
        Guard = guard;
        _most = limit.Count;
        _span = (limit.Seconds * Second) + guard;
        ChooseForm(now);
        Trim(now);
    }

    /// <summary>A limit of such a span ruled before, or rules a part of what is sent: what is held stays held as long.</summary>
    internal void RuledBefore(long span, long now)
    {
        if (span <= _span)
            return;

        _olderMost = Math.Max(_olderMost, (int)Math.Min(RateLimit.MostCount, Math.Max(Held + (long)_most, _most * ((span / _span) + 1))));
        _olderSpan = Math.Max(_olderSpan, span);
        _olderUntil = now + KeepsOlder;
        _changes++;
        ChooseForm(now);
    }

    /// <summary>Nothing that is held counts any more, under this limit or one that ruled lately.</summary>
    public bool IsEmptyAt(long now) =>
        Outstanding == 0 && (LastSent == long.MinValue || LastSent + LongestSpan(now) + (_slots?.Width ?? 0) <= now);

    /// <summary>Every stamp is held as it was.</summary>
    internal bool IsExact => _slots is null;

    /// <summary>Counts sends that were made elsewhere, for as long as it counted them there if that is longer.</summary>
    /// <param name="reach">For how long, in ticks.</param>
    internal void TakeOver(IReadOnlyList<Use> sends, long reach, long now)
    {
        if (sends.Count == 0)
            return;

        var most = (int)Math.Min(RateLimit.MostCount, Held + sends.Sum(send => send.Amount));
        _olderMost = Math.Max(now < _olderUntil ? _olderMost : 0, Math.Max(_most, most));
        _olderSpan = Math.Max(now < _olderUntil ? _olderSpan : 0, Math.Max(_span, reach));
        _olderUntil = now + KeepsOlder;
        ChooseForm(now);
        foreach (var send in sends)
        {
            LastSent = Math.Max(LastSent, send.At);
            if (_slots is not null)
                AddToSlots(send.At, send.Amount);
            else
                _stamps.InsertMany(send.At, (int)send.Amount);
        }

        _changes++;
    }

    /// <summary>How far back it holds all that was sent, as far as its limits needed to know it; in ticks.</summary>
    public long Reach(long now) => LongestSpan(now);

    /// <summary>All that is held of it, oldest first; with slots, at the ends of their slots.</summary>
    internal List<Use> Sends(long now)
    {
        if (_slots is not null)
        {
            _slots.At(now);
            return [.. _slots.Held().Select(held => new Use(held.At, held.Amount))];
        }

        return [.. _stamps.After(now - LongestSpan(now)).Select(stamp => new Use(stamp, 1))];
    }

    /// <summary>The tick at which a send is held that was stamped then.</summary>
    internal long AtOf(long stamp) => _slots is null ? stamp : _slots.UntilOf(stamp) - _slots.Span;

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
            return;

        var capacity = Capacity(now);
        var keepFor = LongestSpan(now);
        while (_stamps.Count > capacity || (_stamps.Count > _most && _stamps[0] + keepFor <= now))
            _stamps.DropOldest();
    }
}
