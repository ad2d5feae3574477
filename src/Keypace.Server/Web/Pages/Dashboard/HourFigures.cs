using Keypace.Server.Features.Usage;

namespace Keypace.Server.Web.Pages.Dashboard;

/// <summary>The last hour in numbers, by minute and by key.</summary>
internal sealed class HourFigures
{
    private const double Half = 0.5, Most = 0.95;

    /// <summary>Sends, oldest first; the last minute is still running.</summary>
    public double[] Sent { get; } = new double[LastHour.Minutes];

    /// <summary>Seconds that half of the queries waited at most; NaN in minutes without one.</summary>
    public double[] MedianWaits { get; } = [.. Enumerable.Repeat(double.NaN, LastHour.Minutes)];

    /// <summary>Seconds that 95 of 100 queries waited at most; NaN in minutes without one.</summary>
    public double[] LongWaits { get; } = [.. Enumerable.Repeat(double.NaN, LastHour.Minutes)];

    public long SentInHour { get; private init; }

    /// <summary>Of the last minute that is over.</summary>
    public long SentInMinute { get; private init; }

    /// <summary>Seconds, p95 over the last full minute and the running one; null without a query.</summary>
    public double? LongWait { get; private init; }

    public double? MedianWait { get; private init; }

    /// <summary>Seconds, p95 over the hour.</summary>
    public double? LongWaitInHour { get; private init; }

    public long Failed { get; private init; }

    /// <summary>Sends beyond the first of a query: the hub had refused it, or broken the connection.</summary>
    public long Again { get; private init; }

    public IReadOnlyDictionary<Guid, (long Again, long Failed)> Troubles { get; private init; } = new Dictionary<Guid, (long, long)>();

    /// <param name="minutes">By minutes since 1970.</param>
    public static HourFigures Of(IReadOnlyDictionary<long, MinuteSums> minutes, long nowSeconds)
    {
        var oldest = nowSeconds / 60 - (LastHour.Minutes - 1);
        var placed = minutes.Where(pair => pair.Key >= oldest && pair.Key < oldest + LastHour.Minutes).Select(pair => (Index: (int)(pair.Key - oldest), Sums: pair.Value)).ToList();
        var recent = placed.Where(one => one.Index >= LastHour.Minutes - 2).Select(one => one.Sums).ToList();
        var troubles = placed.SelectMany(one => one.Sums.Troubles).GroupBy(pair => pair.Key, pair => pair.Value)
            .ToDictionary(key => key.Key, key => (Again: key.Sum(one => one.Again), Failed: key.Sum(one => one.Failed)));
        var figures = new HourFigures
        {
            SentInHour = placed.Sum(one => one.Sums.Sent),
            SentInMinute = placed.Where(one => one.Index == LastHour.Minutes - 2).Sum(one => one.Sums.Sent),
            LongWait = MinuteSums.Wait(recent, Most),
            MedianWait = MinuteSums.Wait(recent, Half),
            LongWaitInHour = MinuteSums.Wait(placed.Select(one => one.Sums), Most),
            Failed = troubles.Values.Sum(one => one.Failed),
            Again = troubles.Values.Sum(one => one.Again),
            Troubles = troubles,
        };
        foreach (var (index, sums) in placed)
        {
            figures.Sent[index] = sums.Sent;
            figures.MedianWaits[index] = MinuteSums.Wait([sums], Half) ?? double.NaN;
            figures.LongWaits[index] = MinuteSums.Wait([sums], Most) ?? double.NaN;
        }

        return figures;
    }
}
