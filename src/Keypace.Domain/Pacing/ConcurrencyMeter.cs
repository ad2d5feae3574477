namespace Keypace.Domain.Pacing;

/// <summary>Queries that have a permit and have not ended, from the grant on.</summary>
internal sealed class ConcurrencyMeter(Quota quota) : QuotaMeter(quota)
{
    private readonly List<(long Until, long Count)> _left = [];   // of a process before this one
    private long _running;

    /// <summary>Ran when a process before this one ended, and are certainly over at that tick.</summary>
    public void AssumeRunning(long count, long until) => _left.Add((until, count));

    public override long Sent(long amount, long at)
    {
        _running += amount;
        return base.Sent(amount, at);
    }

    public override void Settle(long mark, long stamped, long used, long now)
    {
    }

    public override void Ended() => _running--;

    public override long Earliest(long amount, long now)
    {
        if (_left.Count == 0)
            return Allows(amount, now) ? now : long.MaxValue;

        var (used, when) = (Used(now), now);
        foreach (var (until, count) in _left.OrderBy(left => left.Until))
        {
            if (used + amount <= Quota.Limit)
                break;

            (used, when) = (used - count, until);
        }

        return used + amount <= Quota.Limit ? when : long.MaxValue;
    }

    /// <summary>How long queries run cannot be known: foreseen as if one ended whenever one is to begin.</summary>
    public override bool AllowsForeseen(long amount, long at) => true;

    public override long EarliestForeseen(long amount, long at) => at;

    public override long EarliestAfter(long before, long amount, long now) => now;

    public override void Assume(long amount, long at)
    {
    }

    public override IEnumerable<(long Until, long Amount)> Counting(long now) => _running > 0 ? [(long.MaxValue, _running)] : [];

    public override long UntilOf(long at) => long.MaxValue;

    protected override long Stamped(long now) => _left.Count == 0 ? _running : _running + LeftAt(now);

    /// <summary>By itself, because what its lambda captures is allocated on entry.</summary>
    private long LeftAt(long now)
    {
        _left.RemoveAll(left => left.Until <= now);
        return _left.Sum(left => left.Count);
    }

    protected override long Stamp(long amount, long at) => 0;

    protected override void TakeBack(long mark, long amount)
    {
    }
}
