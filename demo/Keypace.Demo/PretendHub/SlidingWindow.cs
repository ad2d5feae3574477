namespace Keypace.Demo;

/// <summary>A hub's own limiter: a true sliding window over what it accepted.</summary>
internal sealed class SlidingWindow(HubLimit limit)
{
    private readonly Lock _lock = new();
    private readonly Queue<long> _accepted = new();

    /// <summary>True when accepted; otherwise the nanoseconds until the next request would be.</summary>
    public bool TryAccept(long nowNs, out long retryAfterNs)
    {
        lock (_lock)
        {
            while (_accepted.TryPeek(out var oldest) && nowNs - oldest >= limit.WindowNs)
            {
                _accepted.Dequeue();
            }

            if (_accepted.Count < limit.Requests)
            {
                _accepted.Enqueue(nowNs);
                retryAfterNs = 0;
                return true;
            }

            retryAfterNs = _accepted.Peek() + limit.WindowNs - nowNs;
            return false;
        }
    }
}
