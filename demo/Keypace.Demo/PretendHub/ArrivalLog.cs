using System.Collections.Concurrent;

namespace Keypace.Demo;

/// <summary>Everything that arrived, in the order it was read. What the demo and the tests judge by.</summary>
internal sealed class ArrivalLog
{
    private readonly ConcurrentQueue<Arrival> _arrivals = new();

    public void Add(Arrival arrival) => _arrivals.Enqueue(arrival);

    public void Clear() => _arrivals.Clear();

    public int Count => _arrivals.Count;

    public IReadOnlyList<Arrival> Snapshot() => [.. _arrivals];

    public WindowReport Report(HubLimit limit) => WindowReport.Of(Snapshot(), limit);
}
