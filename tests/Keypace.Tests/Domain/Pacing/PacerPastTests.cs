using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Limits over hours and days remember what a process before this one used.</summary>
public sealed class PacerPastTests
{
    private const long Second = SendWindow.Second;
    private static readonly DateTimeOffset Wall = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;

    [Fact]
    public void A_day_counts_what_was_sent_since_midnight_and_in_the_two_minutes_before()
    {
        var pacer = Of(new Quota(QuotaDimension.Requests, 100, Zone: Utc));

        pacer.AssumeUsed(new UsedBefore([Use(hours: -13, requests: 40), Use(hours: -12 - (1 / 60.0), requests: 5), Use(hours: -11, requests: 7)]), Wall, 0);

        Assert.Equal(12, Used(pacer));
        var full = Of(new Quota(QuotaDimension.Requests, 12, Zone: Utc));
        full.AssumeUsed(new UsedBefore([Use(hours: -1, requests: 12)]), Wall, 0);
        Assert.Equal((12L * 3600 * Second) + CalendarMeter.DeadBand, full.QuotasAt(0)[0].FreeAt);
    }

    [Fact]
    public void Without_quotas_there_is_nothing_to_recall()
    {
        var pacer = Of();
        pacer.AssumeUsed(new UsedBefore([Use(hours: -1, requests: 12)]), Wall, 0);
        Assert.Empty(pacer.Quotas);
        Assert.True(pacer.IsIdle(0));
    }

    [Fact]
    public void An_interval_counts_what_is_not_older_and_by_model_where_the_limit_is_a_models()
    {
        var pacer = Of(new Quota(QuotaDimension.OutputTokens, 1_000, 3600, Model: "large"), new Quota(QuotaDimension.Tokens, 1_000, 3600));

        pacer.AssumeUsed(new UsedBefore([Use(-1.1, 1, 50, 50), Use(-0.5, 1, 10, 20) with { Model = "large" }, Use(-0.1, 1, 3, 4)]), Wall, 0);

        Assert.Equal([20, 37], pacer.QuotasAt(0).Select(use => use.Used));
    }

    [Fact]
    public void Sends_that_the_window_knows_and_no_record_tells_of_count_too()
    {
        var pacer = new Pacer(new RateLimit(10, 10), 0, new QueueBounds(100, 100));
        pacer.AssumeSent(5, -Second);
        pacer.ChangeQuotas(
            [new Quota(QuotaDimension.Requests, 100, Zone: Utc), new Quota(QuotaDimension.Tokens, 1_000, 3600), new Quota(QuotaDimension.Requests, 50, 3600)], Wall, 0);

        pacer.AssumeUsed(new UsedBefore([Use(-0.4, 8, 80, 40), Use(-1 / 3600.0, 2, 20, 10)]), Wall, 0);

        // 10 recorded and 3 not: three answers of which nothing is known fill any small limit.
        Assert.Equal([13, 1_150, 13], pacer.QuotasAt(0).Select(use => use.Used));
    }

    [Fact]
    public void Records_from_after_now_count_as_just_used()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 3600));

        pacer.AssumeUsed(new UsedBefore([Use(hours: 20, requests: 1, input: 9)]), Wall, 0);

        Assert.Equal(9, Used(pacer));
        Assert.Equal(0, pacer.QuotasAt(3601 * Second + (8 * Second))[0].Used);
    }

    private static Pacer Of(params Quota[] quotas)
    {
        var pacer = new Pacer(new RateLimit(10, 10), 0, new QueueBounds(100, 100));
        pacer.ChangeQuotas(quotas, Wall, 0);
        return pacer;
    }

    private static PastUse Use(double hours, long requests, long input = 0, long output = 0) => new(Wall.AddHours(hours), null, requests, input, output);

    private static long Used(Pacer pacer) => pacer.QuotasAt(0)[0].Used;
}
