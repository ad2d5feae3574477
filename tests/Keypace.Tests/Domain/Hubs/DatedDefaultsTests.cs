using System.Globalization;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>
/// A default limit is a number that somebody read on a page on a day. Half a year later the page is to be looked at again: a hub's file
/// names it, and what to do is to read it, correct <c>count</c>, <c>interval_seconds</c> and <c>tier</c> if they changed, and set <c>as_of</c> to the day.
/// </summary>
public sealed class DatedDefaultsTests
{
    /// <summary>Known to be old: no newer figure could be found, and the file's confidence says so. Each with the day until which that is borne.</summary>
    private static readonly Dictionary<string, DateOnly> s_borne = new()
    {
        ["bedrock"] = new(2027, 3, 1),           // the table of June 2025; newer pages have token quotas only
        ["bedrock_custom"] = new(2027, 3, 1),
        ["perplexity"] = new(2027, 3, 1),        // a sweep of May 2026, never seen at the provider's own page
    };

    public static TheoryData<string> Hubs => new(TestHubs.Catalogue.All.Select(hub => hub.Name));

    [Theory]
    [MemberData(nameof(Hubs))]
    public void A_default_is_not_older_than_half_a_year(string name)
    {
        // The one test that looks at the calendar, on purpose: it fails one day, and its message is the instruction.
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        var message = HubAge.WhyDue(TestHubs.Named(name), today);
        if (message is not null && s_borne.TryGetValue(name, out var until) && today <= until)
        {
            Assert.Contains("low", TestHubs.Named(name).DefaultLimit.Confidence, StringComparison.Ordinal);
            return;
        }

        Assert.True(message is null, message);
    }

    [Theory]
    [InlineData("2026-05-29", "2026-11-25", false)]   // 180 days
    [InlineData("2026-05-28", "2026-11-25", true)]    // 181
    [InlineData("2026-05", "2026-11-25", false)]      // some day in May: its last counts
    [InlineData("2026-04", "2026-11-25", true)]
    [InlineData("2026", "2027-06-29", false)]
    [InlineData("2026", "2027-06-30", true)]
    public void A_day_a_month_and_a_year_end_at_their_last_day(string asOf, string today, bool isDue)
    {
        var hub = TestHubs.With($"\"models\": []");
        hub = hub with { DefaultLimit = hub.DefaultLimit with { AsOf = asOf } };
        var message = HubAge.WhyDue(hub, DateOnly.Parse(today, CultureInfo.InvariantCulture));
        Assert.Equal(isDue, message is not null);
        if (message is not null)
            Assert.Contains(hub.DefaultLimit.Source, message, StringComparison.Ordinal);
    }
}
