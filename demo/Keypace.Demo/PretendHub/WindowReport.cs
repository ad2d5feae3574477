namespace Keypace.Demo;

/// <summary>What an arrival log says about a limit. All times are monotonic nanoseconds; windows are half open, [t, t + T).</summary>
/// <param name="MostInWindow">Most arrivals in any window of the limit's length.</param>
/// <param name="TightestSpanNs">The shortest time from an arrival to the N-th after it; under T the limit was broken. Null with N arrivals or fewer.</param>
/// <param name="Refused">Answers with 429.</param>
/// <param name="Share">Arrivals by caller.</param>
internal sealed record WindowReport(
    HubLimit Limit,
    int Count,
    int MostInWindow,
    long? TightestSpanNs,
    int Refused,
    IReadOnlyDictionary<string, int> Share,
    long FirstNs,
    long LastNs)
{
    public bool Holds => MostInWindow <= Limit.Requests;

    /// <summary>From the first arrival to the last.</summary>
    public double SpanSeconds => (LastNs - FirstNs) / 1e9;

    /// <summary>The least time that the limit allows for so many, as a share of the time taken; 1 when it fits in one window.</summary>
    public double UseOfAllowance
    {
        get
        {
            var leastSeconds = (double)((Count - 1) / Limit.Requests) * Limit.Seconds;
            return leastSeconds == 0 || SpanSeconds == 0 ? 1 : leastSeconds / SpanSeconds;
        }
    }

    public static WindowReport Of(IReadOnlyCollection<Arrival> arrivals, HubLimit limit)
    {
        var at = arrivals.Select(arrival => arrival.AtNs).ToArray();
        Array.Sort(at);
        return new WindowReport(
            limit,
            at.Length,
            MostIn(at, limit.WindowNs),
            TightestSpan(at, limit.Requests),
            arrivals.Count(arrival => arrival.Status == 429),
            arrivals.GroupBy(arrival => arrival.Caller ?? "(none)").OrderBy(group => group.Key, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Count()),
            at.Length == 0 ? 0 : at[0],
            at.Length == 0 ? 0 : at[^1]);
    }

    /// <summary>A fullest window can always be moved until it starts at an arrival, so only those are looked at.</summary>
    internal static int MostIn(long[] sorted, long windowNs)
    {
        int most = 0, end = 0;
        for (var start = 0; start < sorted.Length; start++)
        {
            while (end < sorted.Length && sorted[end] - sorted[start] < windowNs)
                end++;

            most = Math.Max(most, end - start);
        }

        return most;
    }

    private static long? TightestSpan(long[] sorted, int requests)
    {
        long? tightest = null;
        for (var index = requests; index < sorted.Length; index++)
        {
            var span = sorted[index] - sorted[index - requests];
            tightest = tightest is { } known && known <= span ? known : span;
        }

        return tightest;
    }
}
