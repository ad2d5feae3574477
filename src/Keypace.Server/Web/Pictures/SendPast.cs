using Keypace.Contracts;

namespace Keypace.Server.Web.Pictures;

/// <summary>The sends of the last intervals in buckets, and what follows from them.</summary>
internal sealed class SendPast
{
    private const int BucketsPerInterval = 60;
    private readonly IReadOnlyList<IReadOnlyList<int>> _sends;
    private readonly int _first;
    private readonly int[] _allTotals;

    private SendPast(IReadOnlyList<string> callers, IReadOnlyList<IReadOnlyList<int>> sends, int buckets)
    {
        (Callers, _sends) = (callers, sends);
        _allTotals = [.. sends.Select(row => row.Sum())];
        _first = sends.Count - buckets;
        Totals = new int[buckets];
        for (var i = 0; i < buckets; i++)
            Totals[i] = _first + i >= 0 ? _allTotals[_first + i] : 0;
        Windows = WindowsOf(_allTotals, buckets);
    }

    public IReadOnlyList<string> Callers { get; }

    /// <summary>Sends of each bucket that is shown, oldest first.</summary>
    public int[] Totals { get; }

    /// <summary>Sends of the interval that ends with each bucket, for those buckets for which all of it is known.</summary>
    public IReadOnlyList<int> Windows { get; }

    public bool IsEmpty => Totals.All(sent => sent == 0);

    /// <param name="intervals">How many intervals back are shown.</param>
    public static SendPast Of(ApiKeyStatus status, int intervals) =>
        new(status.History?.Callers ?? [], status.History?.Sends ?? [], intervals * BucketsPerInterval);

    /// <summary>What one caller sent in one shown bucket.</summary>
    public int At(int bucket, int caller)
    {
        var row = _first + bucket;
        return row >= 0 && caller < _sends[row].Count ? _sends[row][caller] : 0;
    }

    /// <summary>Sends of a whole interval; 0 is the current one, 1 the one before it.</summary>
    public int Sent(int window)
    {
        var end = _allTotals.Length - window * BucketsPerInterval;
        var begin = Math.Max(0, end - BucketsPerInterval);
        return end <= 0 ? 0 : _allTotals[begin..end].Sum();
    }

    /// <summary>
    /// Sends of one caller in the current interval, for the table of callers.
    /// </summary>
    public int SentNow(int caller) => _sends.Skip(Math.Max(0, _sends.Count - BucketsPerInterval)).Sum(row => caller < row.Count ? row[caller] : 0);

    /// <summary>Starts to come, by bucket: each send frees one an interval later, as long as anybody waits.</summary>
    public IReadOnlyList<int> Coming(ApiKeyStatus status, double now)
    {
        var left = status.Waiting;
        var coming = new List<int>();
        if (left == 0)
            return coming;
        var perBucket = status.RateLimitInterval / (double)BucketsPerInterval;
        var pausedBuckets = status.PausedUntil is { } until && until > now ? (int)Math.Ceiling((until - now) / perBucket) : 0;
        var free = Math.Max(0, status.EffectiveLimit - status.UsedNow);
        for (var i = 0; i < 2 * BucketsPerInterval && left > 0; i++)
        {
            var source = _allTotals.Length - BucketsPerInterval + i;
            free += i < BucketsPerInterval ? (source >= 0 && source < _allTotals.Length ? _allTotals[source] : 0) : coming[i - BucketsPerInterval];
            var starts = i < pausedBuckets ? 0 : Math.Min(left, Math.Min(free, status.EffectiveLimit));
            free -= starts;
            left -= starts;
            coming.Add(starts);
        }

        return coming;
    }

    private static List<int> WindowsOf(int[] totals, int shown)
    {
        var windows = new List<int>();
        var sum = 0;
        for (var i = 0; i < totals.Length; i++)
        {
            sum += totals[i] - (i >= BucketsPerInterval ? totals[i - BucketsPerInterval] : 0);
            if (i >= BucketsPerInterval - 1)
                windows.Add(sum);
        }

        return windows.Count > shown ? windows[^shown..] : windows;
    }
}
