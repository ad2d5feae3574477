using System.Globalization;

namespace Keypace.Domain.Hubs;

/// <summary>Whether a hub's default limit should be read again where it came from.</summary>
public static class HubAge
{
    /// <summary>Providers change their tiers about twice a year.</summary>
    public const int MostDays = 180;

    /// <summary>What to look at, and what to do then; null while the default is fresh. A month or a year counts from its last day.</summary>
    public static string? WhyDue(HubProfile hub, DateOnly today)
    {
        ArgumentNullException.ThrowIfNull(hub);
        var limit = hub.DefaultLimit;
        var age = today.DayNumber - LastDayOf(limit.AsOf).DayNumber;
        return age <= MostDays
            ? null
            : $"The default limit of {hub.Name} ({limit.Limit}, {limit.Tier}) was read {age} days ago, as of {limit.AsOf}. Look at {limit.Source}, correct rate_limit in {hub.Name}.json and set its as_of to the day you looked.";
    }

    private static DateOnly LastDayOf(string asOf) => asOf.Length switch
    {
        4 => new DateOnly(int.Parse(asOf, CultureInfo.InvariantCulture), 12, 31),
        7 => DateOnly.ParseExact(asOf + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture).AddMonths(1).AddDays(-1),
        _ => DateOnly.ParseExact(asOf, "yyyy-MM-dd", CultureInfo.InvariantCulture),
    };
}
