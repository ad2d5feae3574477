using System.Globalization;
using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Dashboard;

/// <summary>The last hour in numbers, by minute and by key.</summary>
internal sealed class HourFigures
{
    public const int Minutes = 60;

    private const string MinuteFormat = "yyyy-MM-dd'T'HH:mm'Z'";

    /// <summary>Sends, oldest first; the last minute is still running.</summary>
    public double[] Sent { get; } = new double[Minutes];

    /// <summary>Mean seconds that queries waited; NaN in minutes without one.</summary>
    public double[] Waits { get; } = [.. Enumerable.Repeat(double.NaN, Minutes)];

    public long SentInHour { get; private init; }

    /// <summary>Of the last minute that is over.</summary>
    public long SentInMinute { get; private init; }

    /// <summary>Seconds, over the last full minute and the running one; null without a query.</summary>
    public double? WaitInMinute { get; private init; }

    public double? WaitInHour { get; private init; }

    public long Failed { get; private init; }

    /// <summary>Sends beyond the first of a query: the hub had refused it, or broken the connection.</summary>
    public long Again { get; private init; }

    public static long Since(long nowSeconds) => nowSeconds / 60 * 60 - (Minutes - 1) * 60;

    public static HourFigures Of(IReadOnlyList<UsageRow> minutes, IReadOnlyList<UsageRow> keys, long nowSeconds)
    {
        var since = Since(nowSeconds);
        var placed = minutes.Select(row => (Row: row, Index: IndexOf(row, since))).Where(pair => pair.Index is >= 0 and < Minutes).ToList();
        var recent = placed.Where(pair => pair.Index >= Minutes - 2).Select(pair => pair.Row).ToList();
        var figures = new HourFigures
        {
            SentInHour = placed.Sum(pair => pair.Row.Sent),
            SentInMinute = placed.Where(pair => pair.Index == Minutes - 2).Sum(pair => pair.Row.Sent),
            WaitInMinute = MeanWait(recent),
            WaitInHour = MeanWait(placed.ConvertAll(pair => pair.Row)),
            Failed = keys.Sum(row => row.Errors),
            Again = keys.Sum(AgainOf),
        };
        foreach (var (row, index) in placed)
            (figures.Sent[index], figures.Waits[index]) = (row.Sent, MeanWait([row]) ?? double.NaN);
        return figures;
    }

    public static long AgainOf(UsageRow row) => Math.Max(0, row.Sent - row.Queries);

    private static int IndexOf(UsageRow row, long since) =>
        (int)((DateTimeOffset.ParseExact(row.Group, MinuteFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeSeconds() - since) / 60);

    private static double? MeanWait(IReadOnlyCollection<UsageRow> rows)
    {
        var queries = rows.Sum(row => row.Queries);
        return queries == 0 ? null : rows.Sum(row => row.WaitedMs) / 1000.0 / queries;
    }
}
