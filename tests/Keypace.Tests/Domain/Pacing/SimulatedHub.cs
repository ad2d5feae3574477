namespace Keypace.Tests.Domain.Pacing;

/// <summary>A hub that enforces in its own way, in virtual time. Answers 429 to what is too much; a refused query does not count.</summary>
internal sealed class SimulatedHub(params (int Most, long Span)[] slidingWindows)
{
    private readonly Queue<long>[] _windows = Array.ConvertAll(slidingWindows, _ => new Queue<long>());
    private double _tokens = -1;
    private long _filledAt;

    /// <summary>A token bucket beside the windows: capacity, and what it refills by in a second; 0: none.</summary>
    public double BucketSize { get; init; }

    public int Accepted { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Everything that arrives between these is refused.</summary>
    public (long From, long Until) Storm { get; set; }

    /// <summary>Times must not go back.</summary>
    public bool Arrives(long now)
    {
        if (now >= Storm.From && now < Storm.Until)
        {
            Refused++;
            return false;
        }

        if (BucketSize > 0)
        {
            _tokens = _tokens < 0 ? BucketSize : Math.Min(BucketSize, _tokens + ((now - _filledAt) / 1e9 * BucketSize));
            _filledAt = now;
        }

        var isFull = BucketSize > 0 && _tokens < 1;
        for (var i = 0; i < _windows.Length; i++)
            isFull |= Left(i, now) == 0;

        if (isFull)
        {
            Refused++;
            return false;
        }

        Accepted++;
        _tokens -= 1;
        Array.ForEach(_windows, window => window.Enqueue(now));
        return true;
    }

    /// <summary>What is left of the first window, for the header.</summary>
    public int Remaining(long now) => Left(0, now);

    private int Left(int i, long now)
    {
        while (_windows[i].TryPeek(out var oldest) && oldest + slidingWindows[i].Span <= now)
            _windows[i].Dequeue();

        return slidingWindows[i].Most - _windows[i].Count;
    }
}
