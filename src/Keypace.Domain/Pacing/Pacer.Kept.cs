namespace Keypace.Domain.Pacing;

/// <summary>Limits that rule no longer and count on.</summary>
public sealed partial class Pacer
{
    /// <summary>All limits beside the rate limit that count what all sources use, those included that rule no longer; not those of running queries.</summary>
    public IReadOnlyList<CountedLimit> CountedLimits => [.. (_meters ?? [])
        .Where(meter => meter.Quota is { Source: null, Slice: 0, Dimension: not QuotaDimension.Concurrent })
        .Select(meter => new CountedLimit(meter.Quota, meter.KeptUntil))];

    /// <summary>
    /// Limits that counted before this pacer was made and do not rule now count on, as they would had it been made earlier. Before
    /// <see cref="AssumeUsed"/>, which says what they counted.
    /// </summary>
    public void GoOnCounting(IReadOnlyList<CountedLimit> limits, DateTimeOffset wall, long now)
    {
        var (meters, made) = (new List<QuotaMeter>(_meters ?? []), new List<QuotaMeter>());
        foreach (var (quota, until) in limits)
        {
            if (until > now && !meters.Exists(meter => meter.Quota.CountsLike(quota)))
            {
                var meter = QuotaMeter.Of(quota, Guard);
                meter.Keep(Math.Min(until, now + KeepsUse));
                meters.Add(meter);
                made.Add(meter);
            }
        }

        if (made.Count > 0)
            SetMeters(meters, made, wall, now);
    }

    /// <summary>The same limit with nothing counted.</summary>
    private QuotaMeter Anew(QuotaMeter meter)
    {
        var anew = QuotaMeter.Of(meter.Quota, Guard);
        if (meter.IsKept)
            anew.Keep(meter.KeptUntil);

        return anew;
    }
}
