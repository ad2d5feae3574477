namespace Keypace.Tests.Security;

/// <summary>
/// Whether two kinds of work take the same time: Welch's t over samples in random order, the slowest tenth of both left out, where the machine and not the work
/// speaks (dudect's method: Reparaz, Balasch, Verbauwhede 2017). Below 4.5 nothing can be told.
/// </summary>
internal static class Times
{
    public const double Telling = 4.5;

    /// <param name="samples">Of each kind.</param>
    /// <param name="work">Does it once; the number is 0 to <paramref name="samples"/> - 1 within its kind.</param>
    public static async Task<double> WelchAsync(Random random, int samples, Func<bool, int, ValueTask> work)
    {
        // Chance and not turns: what comes every second time is not asked of one kind alone.
        var order = Enumerable.Range(0, 2 * samples).Select(index => index % 2 == 0).ToArray();
        random.Shuffle(order);
        var (first, second) = (new List<double>(samples), new List<double>(samples));
        foreach (var isFirst in order)
        {
            var times = isFirst ? first : second;
            var startedAt = TimeProvider.System.GetTimestamp();
            await work(isFirst, times.Count);
            times.Add(TimeProvider.System.GetTimestamp() - startedAt);
        }

        var all = first.Concat(second).Order().ToArray();
        var most = all[all.Length * 9 / 10];
        var (a, b) = (first.Where(time => time <= most).ToArray(), second.Where(time => time <= most).ToArray());
        var spread = Variance(a) / a.Length + Variance(b) / b.Length;
        return spread == 0 ? 0 : Math.Abs(a.Average() - b.Average()) / Math.Sqrt(spread);
    }

    private static double Variance(double[] values)
    {
        var mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean)) / Math.Max(1, values.Length - 1);
    }
}
