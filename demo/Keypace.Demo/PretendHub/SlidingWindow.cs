namespace Keypace.Demo;

/// <summary>A hub's own limiter. What it refuses does not count.</summary>
internal abstract class HubLimiter
{
    private readonly Lock _lock = new();

    public static HubLimiter? For(PretendHubOptions options)
    {
        if (options.Limit is not { } limit)
            return null;

        HubLimiter limiter = options.Enforcement switch
        {
            HubEnforcement.Slices => new SlidingWindow(new HubLimit(Math.Max(1, limit.Requests * options.SliceSeconds / limit.Seconds), options.SliceSeconds)),
            HubEnforcement.BucketOfASecond => new TokenBucket(limit),
            _ => new SlidingWindow(limit),
        };
        return options.ForeignShare > 0 ? new SharedAccount(limiter, limit, options.ForeignShare) : limiter;
    }

    /// <summary>True when accepted; otherwise the nanoseconds until the next request would be.</summary>
    public bool TryAccept(long nowNs, out long retryAfterNs)
    {
        lock (_lock)
        {
            retryAfterNs = Accept(nowNs);
            return retryAfterNs == 0;
        }
    }

    /// <summary>What it would say is left.</summary>
    public int RemainingAt(long nowNs)
    {
        lock (_lock)
            return Remaining(nowNs);
    }

    /// <summary>0 when accepted.</summary>
    protected internal abstract long Accept(long nowNs);

    protected internal abstract int Remaining(long nowNs);
}

/// <summary>A true sliding window over what it accepted.</summary>
internal sealed class SlidingWindow(HubLimit limit) : HubLimiter
{
    private readonly Queue<long> _accepted = new();

    protected internal override long Accept(long nowNs)
    {
        Forget(nowNs);
        if (_accepted.Count >= limit.Requests)
            return Math.Max(1, _accepted.Peek() + limit.WindowNs - nowNs);

        _accepted.Enqueue(nowNs);
        return 0;
    }

    protected internal override int Remaining(long nowNs)
    {
        Forget(nowNs);
        return limit.Requests - _accepted.Count;
    }

    private void Forget(long nowNs)
    {
        while (_accepted.TryPeek(out var oldest) && nowNs - oldest >= limit.WindowNs)
            _accepted.Dequeue();
    }
}

/// <summary>A token bucket that holds one second's worth of the limit and fills evenly: what some hubs do with a limit by the minute.</summary>
internal sealed class TokenBucket(HubLimit limit) : HubLimiter
{
    private readonly double _most = Math.Max(1, (double)limit.Requests / limit.Seconds);
    private double _tokens = Math.Max(1, (double)limit.Requests / limit.Seconds);
    private long _at = long.MinValue;

    protected internal override long Accept(long nowNs)
    {
        Fill(nowNs);
        if (_tokens < 1)
            return Math.Max(1, (long)((1 - _tokens) * limit.WindowNs / limit.Requests));

        _tokens--;
        return 0;
    }

    protected internal override int Remaining(long nowNs)
    {
        Fill(nowNs);
        return (int)_tokens;
    }

    private void Fill(long nowNs)
    {
        // Arrivals are read by several threads and may be a little out of order.
        if (_at == long.MinValue || nowNs > _at)
        {
            _tokens = Math.Min(_most, _at == long.MinValue ? _most : _tokens + ((double)(nowNs - _at) * limit.Requests / limit.WindowNs));
            _at = nowNs;
        }
    }
}

/// <summary>Somebody else uses the account too, evenly, whatever we do.</summary>
internal sealed class SharedAccount(HubLimiter inner, HubLimit limit, double share) : HubLimiter
{
    private readonly long _everyNs = (long)(limit.WindowNs / (limit.Requests * share));
    private long _next = long.MinValue;

    protected internal override long Accept(long nowNs)
    {
        Others(nowNs);
        return inner.Accept(nowNs);
    }

    protected internal override int Remaining(long nowNs)
    {
        Others(nowNs);
        return inner.Remaining(nowNs);
    }

    private void Others(long nowNs)
    {
        _next = _next == long.MinValue ? nowNs + _everyNs : _next;
        for (; _next <= nowNs; _next += _everyNs)
        {
            inner.Accept(_next);   // refused like anybody when nothing is left
        }
    }
}
