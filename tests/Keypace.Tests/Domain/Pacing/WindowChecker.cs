using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What left: stamps with how many at each, the limit and the forgotten past as they were when the permit was granted.</summary>
internal readonly record struct Departure(long At, int Count, RateLimit Limit, long Forgotten);

/// <summary>Slow and obvious: no code and no idea in common with the pacer.</summary>
internal static class WindowChecker
{
    private const long Second = 1_000_000_000;

    /// <summary>The first stamp whose own half-open window [s, s + T) holds more than N; null when none does.</summary>
    public static long? FirstOver(IEnumerable<Departure> departures, RateLimit limit)
    {
        var sorted = departures.OrderBy(departure => departure.At).ToArray();
        var (end, inside) = (0, 0L);
        for (var start = 0; start < sorted.Length; start++)
        {
            while (end < sorted.Length && sorted[end].At < sorted[start].At + (limit.Seconds * Second))
                inside += sorted[end++].Count;

            if (inside > limit.Count)
                return sorted[start].At;

            inside -= sorted[start].Count;
        }

        return null;
    }

    /// <summary>
    /// With limits that change: every send, in the order of grants, sees at most N - 1 of those granted before it in the T before it, N
    /// and T
    /// being those of its grant, and what was forgotten by then left out. The index of the first that sees more; null when none does.
    /// </summary>
    public static int? FirstSeeingTooMany(IReadOnlyList<Departure> inGrantOrder)
    {
        for (var i = 0; i < inGrantOrder.Count; i++)
        {
            var own = inGrantOrder[i];
            if (own.Count != 1)
            {
                continue;   // assumed from before
            }

            var seen = 0L;
            for (var j = 0; j < i; j++)
            {
                var other = inGrantOrder[j];
                if (other.At > own.At - (own.Limit.Seconds * Second) && other.At > own.Forgotten)
                    seen += other.Count;
            }

            if (seen > own.Limit.Count - 1)
                return i;
        }

        return null;
    }
}
