namespace Keypace.Domain.Pacing;

/// <summary>
/// Sums what was used in the last <see cref="Span"/> in as many slots as asked for, whatever was used: what falls into a slot counts as
/// used at the
/// slot's end, so that it never leaves too early and at most a slot's length too late. 8 bytes a slot, from the first use on.
/// </summary>
internal sealed class SlottedSum
{
    private readonly int _slots;
    private long[]? _sums;      // index: slot number modulo length; every slot outside [_oldest, _newest] is zero
    private long _oldest;
    private long _newest = -1;  // before _oldest: empty

    /// <param name="span">How long an amount counts, in ticks.</param>
    public SlottedSum(int slots, long span)
    {
        (_slots, Span) = (slots, span);
        Width = Math.Max(1, (span + slots - 1) / slots);
    }

    public long Span { get; }

    /// <summary>A slot's length in ticks.</summary>
    public long Width { get; }

    /// <summary>Everything that counted when last looked at.</summary>
    public long Total { get; private set; }

    /// <summary>What counts at <paramref name="now"/>, which never goes back.</summary>
    public long At(long now)
    {
        Expire(now);
        return Total;
    }

    /// <summary>Adds an amount; the number of its slot, for <see cref="Lower"/>.</summary>
    /// <param name="at">May be late and out of order; what no longer counts is not added.</param>
    public long Add(long at, long amount)
    {
        var slot = SlotOf(at);
        if (Total == 0)
            (_oldest, _newest) = (slot, slot);

        _sums ??= new long[_slots + 2];
        if (slot <= _newest - _sums.Length)
            return slot;

        _newest = Math.Max(_newest, slot);
        while (_newest - _oldest >= _sums.Length)
        {
            DropOldest();   // a slot that far back has stopped counting
        }

        _oldest = Math.Min(_oldest, slot);
        _sums[IndexOf(slot)] += amount;
        Total += amount;
        return slot;
    }

    /// <summary>Takes an amount back out of a slot, if that still counts.</summary>
    public void Lower(long slot, long amount)
    {
        if (Total > 0 && slot >= _oldest && slot <= _newest)
        {
            amount = Math.Min(amount, _sums![IndexOf(slot)]);
            _sums[IndexOf(slot)] -= amount;
            Total -= amount;
        }
    }

    /// <summary>What will count at <paramref name="at"/> for <paramref name="span"/>, at most <see cref="Span"/>, if nothing is added before.</summary>
    public long TotalAt(long at, long span)
    {
        var total = Total;
        for (var slot = _oldest; total > 0 && (slot * Width) + span <= at; slot++)
            total -= _sums![IndexOf(slot)];

        return total;
    }

    /// <summary>
    /// The tick, not before <paramref name="now"/>, from which no more than <paramref name="most"/> counts for <paramref name="span"/>, at
    /// most <see cref="Span"/>; <see cref="long.MaxValue"/> when <paramref name="most"/> is negative.
    /// </summary>
    public long WhenAtMost(long most, long span, long now)
    {
        if (most < 0)
            return long.MaxValue;

        var (total, at) = (Total, now);
        for (var slot = _oldest; total > most; slot++)
        {
            total -= _sums![IndexOf(slot)];
            at = Math.Max(at, (slot * Width) + span);
        }

        return at;
    }

    /// <summary>What is held, oldest first: the tick at which it counts as used, and how much.</summary>
    public IEnumerable<(long At, long Amount)> Held()
    {
        for (var slot = _oldest; slot <= _newest; slot++)
        {
            if (Total > 0 && _sums![IndexOf(slot)] is > 0 and var amount)
                yield return (slot * Width, amount);
        }
    }

    /// <summary>The tick at which an amount used at <paramref name="at"/> stops counting.</summary>
    public long UntilOf(long at) => EndOf(SlotOf(at));

    private void Expire(long now)
    {
        while (Total > 0 && EndOf(_oldest) <= now)
            DropOldest();
    }

    private void DropOldest()
    {
        var index = IndexOf(_oldest++);
        Total -= _sums![index];
        _sums[index] = 0;
        if (Total == 0)
            _oldest = _newest + 1;
    }

    private long EndOf(long slot) => (slot * Width) + Span;

    /// <summary>The slot whose end is at or after <paramref name="at"/>; ticks may be negative.</summary>
    private long SlotOf(long at) => at > 0 ? (at + Width - 1) / Width : at / Width;

    private int IndexOf(long slot)
    {
        var index = slot % _sums!.Length;
        return (int)(index < 0 ? index + _sums.Length : index);
    }
}
