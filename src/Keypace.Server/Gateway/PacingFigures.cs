using System.Collections.Concurrent;
using System.Globalization;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;
using Keypace.Server.Platform;

namespace Keypace.Server.Gateway;

/// <summary>
/// What <c>/metrics</c> says of pacing. Hubs have the names of their files and groups their ids: no name that a person gave is among them.
/// A query that gets its permit at once adds to nothing here; its send is counted by its group, under the lock that it holds anyway.
/// </summary>
internal sealed class PacingFigures(RateGroups groups, HubGuards guards)
{
    /// <summary>More groups than these are only in the sums.</summary>
    private const int MostGroups = 200;

    private static readonly double[] WaitBounds = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

    private readonly long[] _waits = new long[WaitBounds.Length + 1];
    private readonly ConcurrentDictionary<string, long> _hubRefusals = new();
    private readonly ConcurrentDictionary<string, long> _refused = new();
    private long _waitedMs;

    /// <summary>A query waited for its turn, and got it.</summary>
    public void Waited(TimeSpan wait)
    {
        var at = Array.FindIndex(WaitBounds, bound => wait.TotalSeconds <= bound);
        Interlocked.Increment(ref _waits[at < 0 ? WaitBounds.Length : at]);
        Interlocked.Add(ref _waitedMs, (long)wait.TotalMilliseconds);
    }

    /// <summary>A query got no turn.</summary>
    /// <param name="code">One of a few words of ours.</param>
    public void Refused(string code) => _refused.AddOrUpdate(code, 1, static (_, count) => count + 1);

    /// <summary>A hub answered 429.</summary>
    public void HubRefused(string hub) => _hubRefusals.AddOrUpdate(hub, 1, static (_, count) => count + 1);

    public void AddTo(Metrics metrics)
    {
        metrics.AddCounter("keypace_sends_total", "Requests sent to hubs since the start, each under a permit.", () => groups.SentTotal);
        metrics.AddGauge("keypace_waiting", "Queries that wait for their turn now.", () => groups.Figures().Values.Sum(group => (double)group.WaitingNow));
        metrics.AddFamily("keypace_wait_seconds", "histogram", "Seconds that queries waited which got no permit at once.", Histogram);
        metrics.AddFamily("keypace_refused_total", "counter", "Queries that got no turn, by code.", () => Labelled("code", _refused));
        metrics.AddFamily("keypace_hub_429_total", "counter", "Answers with 429, by hub.", () => Labelled("hub", _hubRefusals));
        metrics.AddFamily("keypace_rate_group_used_ratio", "gauge", "Share of the limit that counts now; the busiest groups.", () => Groups((_, figures) => UseOf(figures)));
        metrics.AddFamily("keypace_rate_group_effective_limit", "gauge", "Requests in an interval that rule now; the busiest groups.", () => Groups((_, figures) => figures.Limit.Count));
        metrics.AddFamily("keypace_rate_group_guard_seconds", "gauge", "Added to the interval; the busiest groups.", () => Groups((group, _) => group.GuardNow.TotalSeconds));
        metrics.AddFamily("keypace_host_guard_seconds", "gauge", "The most that a host of each hub was measured to need.",
            () => guards.MeasuredByHub.Select(hub => ($"{{hub=\"{hub.Hub}\"}}", hub.GuardMs / 1000.0)));
    }

    private IEnumerable<(string Labels, double Value)> Histogram()
    {
        var count = 0L;
        for (var i = 0; i < WaitBounds.Length; i++)
        {
            count += Interlocked.Read(ref _waits[i]);
            yield return (string.Create(CultureInfo.InvariantCulture, $"_bucket{{le=\"{WaitBounds[i]}\"}}"), count);
        }

        count += Interlocked.Read(ref _waits[WaitBounds.Length]);
        yield return ("_bucket{le=\"+Inf\"}", count);
        yield return ("_sum", Interlocked.Read(ref _waitedMs) / 1000.0);
        yield return ("_count", count);
    }

    private static IEnumerable<(string Labels, double Value)> Labelled(string label, ConcurrentDictionary<string, long> counts) =>
        counts.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => ($"{{{label}=\"{one.Key}\"}}", (double)one.Value));

    private IEnumerable<(string Labels, double Value)> Groups(Func<PacedGroup, GroupFigures, double> figure) =>
        groups.All.Select(group => (Group: group, Figures: group.Figures())).OrderByDescending(one => UseOf(one.Figures)).Take(MostGroups)
            .Select(one => ($"{{group=\"{one.Group.Id}\"}}", figure(one.Group, one.Figures)));

    private static double UseOf(GroupFigures figures) => (double)figures.UsedNow / figures.Limit.Count;
}
