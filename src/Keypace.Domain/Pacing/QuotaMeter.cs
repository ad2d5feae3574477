namespace Keypace.Domain.Pacing;

/// <summary>
/// Counts one quota. What is granted counts as reserved until it is stamped, what is stamped until it leaves the interval; like the rate
/// limit, so that a late thread costs rate and never exactness.
/// </summary>
internal abstract class QuotaMeter(Quota quota)
{
    private readonly Queue<(long Until, long Amount)> _leaving = new();
    private long _foreseen;

    public Quota Quota { get; private set; } = quota;

    /// <summary>
    /// Tick until which it counts although its limit was taken away, and binds nobody; <see cref="long.MaxValue"/>: its limit rules.
    /// </summary>
    public long KeptUntil { get; private set; } = long.MaxValue;

    public bool IsKept => KeptUntil < long.MaxValue;

    /// <summary>How far back it knows all that was used, in ticks.</summary>
    public virtual long Reach => 0;

    /// <summary>Its limit rules from now on.</summary>
    public void Rule(Quota quota) => (Quota, KeptUntil) = (quota, long.MaxValue);

    /// <summary>Its limit rules no longer; the tick until which it counts on, at most <paramref name="until"/>.</summary>
    public long Keep(long until)
    {
        KeptUntil = IsKept ? KeptUntil : until;
        Quota = Quota with { Limit = Quota.MostLimit };
        return KeptUntil;
    }

    /// <summary>What was used and is held, reserved amounts left out.</summary>
    public virtual List<Use> Held(long now) => [];

    /// <summary>What is held may be held so much later than it was used, in ticks.</summary>
    public virtual long Coarseness => 0;

    /// <summary>The tick at which an amount is held that was stamped with this mark.</summary>
    public virtual long AtOf(long mark) => mark;

    /// <summary>A query may take any amount of it, not just one.</summary>
    public bool IsOfTokens => Quota.Dimension is QuotaDimension.Tokens or QuotaDimension.InputTokens or QuotaDimension.OutputTokens;

    /// <summary>Something may have become free by other than time.</summary>
    public bool IsStirred { get; set; }

    /// <summary>What those in line need of it together.</summary>
    public long Queued { get; set; }

    /// <summary>How many of those in line draw on it.</summary>
    public int Queuing { get; set; }

    /// <summary>What is told to bind; null for what is no quota.</summary>
    public virtual Quota? BoundQuota => Quota;

    /// <summary>Granted and not yet stamped or returned.</summary>
    public long Reserved { get; private set; }

    public bool Counts(in QueryNeed need) =>
        (Quota.Model is null || Quota.Model == need.Model) && (Quota.Source is null || Quota.Source == need.Source);

    public virtual bool Allows(long amount, long now) => Used(now) + amount <= Quota.Limit;

    /// <summary>What counts now, reserved amounts included.</summary>
    public long Used(long now) => Reserved + Stamped(now);

    public void Reserve(long amount) => Reserved += amount;

    public virtual void Return(long amount) => Reserved -= amount;

    /// <summary>The reserved amount was sent; a mark for <see cref="Settle"/>.</summary>
    public virtual long Sent(long amount, long at)
    {
        Reserved -= amount;
        return Stamp(amount, at);
    }

    /// <summary>
    /// What was really used is known: less is taken back where it was stamped, which is always safe; more is booked as used now, over the
    /// limit if need be, so that it is paid for before anything else goes.
    /// </summary>
    public virtual void Settle(long mark, long stamped, long used, long now)
    {
        if (used > stamped)
            Stamp(used - stamped, now);
        else
            TakeBack(mark, stamped - used);
    }

    /// <summary>The query ended. Only concurrency cares.</summary>
    public virtual void Ended()
    {
    }

    /// <summary>The tick from which so much is free if nothing else happens; <see cref="long.MaxValue"/> when that hangs on others.</summary>
    public abstract long Earliest(long amount, long now);

    /// <summary>Begins to play what is to come: what counts now leaves when it stops counting, what is reserved as if it were sent now.</summary>
    public void BeginForesight(long now)
    {
        _foreseen = Used(now);
        _leaving.Clear();
        foreach (var counting in Counting(now))
            _leaving.Enqueue(counting);

        if (Reserved > 0)
            _leaving.Enqueue((UntilOf(now), Reserved));
    }

    /// <summary>In what is played: such a query may go at <paramref name="at"/>, which never goes back.</summary>
    public virtual bool AllowsForeseen(long amount, long at)
    {
        while (_leaving.TryPeek(out var first) && first.Until <= at)
            _foreseen -= _leaving.Dequeue().Amount;

        return _foreseen + amount <= Quota.Limit;
    }

    /// <summary>In what is played: the tick from which so much is free.</summary>
    public virtual long EarliestForeseen(long amount, long at)
    {
        var left = _foreseen;
        foreach (var leaving in _leaving)
        {
            if (left + amount <= Quota.Limit)
                break;

            left -= leaving.Amount;
            at = Math.Max(at, leaving.Until);
        }

        return left + amount <= Quota.Limit ? at : long.MaxValue;
    }

    /// <summary>The tick at which there is room after those who need <paramref name="before"/> together, if all is used as soon as it is free.</summary>
    public virtual long EarliestAfter(long before, long amount, long now)
    {
        var rounds = (before + amount - 1) / Quota.Limit;
        var at = Earliest(before + amount - (rounds * Quota.Limit), now);
        var end = at == long.MaxValue ? at : UntilOf(at);
        return rounds == 0 || end == long.MaxValue ? at : (long)Int128.Min(at + ((Int128)rounds * (end - at)), long.MaxValue);
    }

    /// <summary>The next that is played goes at <paramref name="at"/>.</summary>
    public void ForeseeSent(long amount, long at)
    {
        _foreseen += amount;
        _leaving.Enqueue((UntilOf(at), amount));
    }

    /// <summary>Sends of before this quota was set, as far as they are known.</summary>
    public abstract void Assume(long amount, long at);

    /// <summary>The same from records of an earlier process, of which some are too old to count.</summary>
    public virtual void Recall(long amount, long at, DateTimeOffset wallAt, DateTimeOffset wall, long now)
    {
        if (amount > 0 && UntilOf(at) > now)
            Assume(amount, at);
    }

    /// <summary>What counts now, oldest first: until which tick, and how much. Reserved amounts are not among it.</summary>
    public abstract IEnumerable<(long Until, long Amount)> Counting(long now);

    /// <summary>The tick until which an amount counts that is used at <paramref name="at"/>; <see cref="long.MaxValue"/>: nobody knows.</summary>
    public abstract long UntilOf(long at);

    protected abstract long Stamped(long now);

    protected abstract long Stamp(long amount, long at);

    protected abstract void TakeBack(long mark, long amount);

    /// <param name="guard">Added to an interval, in ticks.</param>
    public static QuotaMeter Of(Quota quota, long guard) =>
        quota.Dimension == QuotaDimension.Concurrent ? new ConcurrencyMeter(quota)
        : quota.Zone is not null ? new CalendarMeter(quota)
        : new IntervalMeter(quota, guard);
}
