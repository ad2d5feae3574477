using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class CalendarMeterTests
{
    private const long Second = SendWindow.Second;
    private const long Hour = 3600 * Second;
    private static readonly TimeZoneInfo Pacific = TimeZoneInfo.CreateCustomTimeZone("test-pacific", TimeSpan.FromHours(-8), "test", "test");
    private static readonly DateTimeOffset Noon = new(2026, 11, 25, 20, 0, 0, TimeSpan.Zero);   // noon there

    [Fact]
    public void A_day_ends_two_minutes_after_its_zones_midnight()
    {
        var meter = Meter(10);
        Assert.Equal(long.MaxValue, meter.Ends);
        meter.Tell(Noon, 0);
        Assert.Equal((12 * Hour) + CalendarMeter.DeadBand, meter.Ends);
        Use(meter, 10, Hour);
        Assert.Equal((10, false), (meter.Used(2 * Hour), meter.Allows(1, 2 * Hour)));
        Assert.Equal(meter.Ends, meter.Earliest(1, 2 * Hour));
        Assert.Equal([(meter.Ends, 10L)], meter.Counting(0));
        meter.Tell(Noon.AddHours(12), 12 * Hour);
        Assert.False(meter.Allows(1, 12 * Hour));   // the hub's clock may be behind
        TellAt(meter, meter.Ends);
        Assert.Equal((0, (36 * Hour) + CalendarMeter.DeadBand), (meter.Used(0), meter.Ends));
        Assert.Empty(meter.Counting(0));
    }

    [Fact]
    public void What_is_sent_around_midnight_counts_in_both_days()
    {
        var meter = Meter(10);
        meter.Tell(Noon, 0);
        var midnight = 12 * Hour;
        Use(meter, 1, midnight - CalendarMeter.DeadBand - 1);
        Use(meter, 2, midnight - CalendarMeter.DeadBand);
        var mark = Use(meter, 3, midnight + Second);
        Assert.Equal(6, meter.Used(0));
        Assert.Equal(meter.Ends, meter.Earliest(5, 0));
        Assert.Equal(meter.Ends + (24 * Hour), meter.Earliest(6, 0));   // five of the next day are gone already
        TellAt(meter, meter.Ends);
        Assert.Equal(5, meter.Used(0));
        meter.Settle(mark, 3, 1, meter.Ends - Hour);
        Assert.Equal(3, meter.Used(0));
        TellAt(meter, meter.Ends);
        Assert.Equal(0, meter.Used(0));
        meter.Settle(mark, 1, 0, meter.Ends - Hour);   // two days ago: over
        Assert.Equal(0, meter.Used(0));
    }

    [Theory]
    [InlineData(-3600, 1)]    // an hour before midnight: the next day is whole
    [InlineData(-100, 2)]     // within two minutes of it: counts in both, so both are gone
    [InlineData(60, 2)]
    public void What_is_told_around_midnight_is_what_happens(int seconds, int days)
    {
        var pacer = new Pacer(new RateLimit(100, 1), 0, QueueBounds.Default);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 3, Zone: Pacific)], Noon, 0);
        var now = (12 * Hour) + (seconds * Second);
        for (var i = 0; i < 3; i++)
        {
            var ticket = new PlainTicket();
            Assert.Equal(EntryEnd.Granted, pacer.Enqueue(ticket, new Arrival("t", ""), now));
            pacer.Sent(ticket, now);
        }

        var (told, free) = (pacer.Expect(new Arrival("t", ""), now).ExpectedStart, pacer.QuotasAt(now)[0].FreeAt);
        var waiting = new PlainTicket();
        pacer.Enqueue(waiting, new Arrival("t", ""), now);
        var changed = new List<Ticket>();
        while (waiting.State == TicketState.Waiting)
        {
            now = Math.Max(now, pacer.NextEvent(now));
            pacer.TellWall(Noon.AddTicks(now / 100), now);
            pacer.Advance(now, changed);
        }

        var end = (12 * Hour) + CalendarMeter.DeadBand + ((days - 1) * 24 * Hour);
        Assert.Equal((end, end, end, end), (told, free, waiting.ExpectedStart, now));
    }

    [Fact]
    public void In_the_first_two_minutes_of_a_day_the_one_before_runs_still_also_after_a_start()
    {
        var meter = Meter(10);
        var wall = Noon.AddHours(12).AddMinutes(1);
        meter.Tell(wall, 5 * Hour);
        Assert.Equal((5 * Hour) + (60 * Second), meter.Ends);
        meter.Recall(4, 4 * Hour, wall.AddHours(-1), wall, 5 * Hour);
        meter.Recall(1, (5 * Hour) - (90 * Second), wall.AddSeconds(-90), wall, 5 * Hour);
        Assert.Equal(5, meter.Used(5 * Hour));
        meter.Tell(wall.AddMinutes(1), meter.Ends);
        Assert.Equal(1, meter.Used(5 * Hour));
    }

    [Fact]
    public void Settling_within_the_day_takes_back_what_was_too_much()
    {
        var meter = Meter(100);
        meter.Tell(Noon, 0);
        var (before, around) = (Use(meter, 10, Hour), Use(meter, 10, 12 * Hour));
        meter.Settle(before, 10, 4, Hour);
        meter.Settle(around, 10, 5, 12 * Hour);
        Assert.Equal(9, meter.Used(0));
        meter.Settle(before, 4, 24, 12 * Hour);   // twenty more, now: around midnight
        Assert.Equal(29, meter.Used(0));
        TellAt(meter, meter.Ends);
        Assert.Equal(25, meter.Used(0));
        meter.Settle(before, 24, 0, 13 * Hour);   // of the day before and not around midnight
        Assert.Equal(25, meter.Used(0));
        var later = Use(meter, 10, 15 * Hour);
        meter.Settle(later, 10, 4, 15 * Hour);
        Assert.Equal(29, meter.Used(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_clock_set_by_a_day_ends_no_day_early(int days)
    {
        var meter = Meter(10);
        meter.Tell(Noon, 0);
        Use(meter, 10, Hour);
        meter.Tell(Noon.AddDays(days), 2 * Hour);
        Assert.False(meter.Allows(1, 2 * Hour));
        var ends = meter.Ends;
        meter.Tell(Noon.AddHours(12).AddMinutes(2).AddHours(23 * days), ends);
        Assert.InRange(meter.Ends - ends, 22 * Hour, 48 * Hour);
    }

    [Fact]
    public void After_days_of_rest_nothing_is_left_of_the_last()
    {
        var meter = Meter(10);
        meter.Tell(Noon, 0);
        Use(meter, 10, 12 * Hour);
        Assert.Equal(1, UsedAfter(meter.Ends + (24 * Hour) - 1));
        Assert.Equal(0, UsedAfter(meter.Ends + (24 * Hour)));   // a whole day has gone by
        TellAt(meter, 100 * Hour);
        Assert.Equal(0, meter.Used(0));

        static long UsedAfter(long rest)
        {
            var other = Meter(10);
            other.Tell(Noon, 0);
            Use(other, 1, 12 * Hour);
            TellAt(other, rest);
            return other.Used(0);
        }
    }

    [Fact]
    public void A_day_that_begins_at_one_has_an_end()
    {
        var adjustment = TimeZoneInfo.AdjustmentRule.CreateAdjustmentRule(
            new DateTime(2026, 1, 1), new DateTime(2026, 12, 31), TimeSpan.FromHours(1),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(new DateTime(1, 1, 1, 0, 0, 0), 11, 26),
            TimeZoneInfo.TransitionTime.CreateFixedDateRule(new DateTime(1, 1, 1, 3, 0, 0), 12, 20));
        var zone = TimeZoneInfo.CreateCustomTimeZone("test-gap", TimeSpan.Zero, "test", "test", "test", [adjustment]);
        var meter = new CalendarMeter(new Quota(QuotaDimension.Requests, 1, Zone: zone));
        meter.Tell(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero), 0);
        Assert.Equal((12 * Hour) + CalendarMeter.DeadBand, meter.Ends);
    }

    [Fact]
    public void A_pacer_asks_for_the_wall_clock_only_where_it_needs_it()
    {
        var pacer = new Pacer(new RateLimit(100, 1), 0, QueueBounds.Default);
        Assert.False(pacer.NeedsWall);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 2, Zone: Pacific)], Noon, 0);
        Assert.True(pacer.NeedsWall);
        var tickets = Enumerable.Range(0, 3).Select(_ => new PlainTicket()).ToArray();
        var ends = tickets.Select(ticket => pacer.Enqueue(ticket, new Arrival("t", ""), 0)).ToArray();
        Assert.Equal([EntryEnd.Granted, EntryEnd.Granted, EntryEnd.Waiting], ends);
        Assert.Equal((12 * Hour) + CalendarMeter.DeadBand, tickets[2].ExpectedStart);
        pacer.Sent(tickets[0], 1);
        pacer.Sent(tickets[1], 1);
        var day = (12 * Hour) + CalendarMeter.DeadBand;
        Assert.Equal((BindingKind.Quota, day), (pacer.BindingAt(1).Kind, pacer.BindingAt(1).Until));
        pacer.TellWall(Noon.AddTicks(day / 100), day);
        var changed = new List<Ticket>();
        pacer.Advance(day, changed);
        Assert.Equal([tickets[2]], changed.Where(ticket => ticket.State == TicketState.Granted));
        Assert.False(pacer.IsIdle(day + Hour));
        pacer.ChangeQuotas([], Noon, day);
        Assert.True(pacer.NeedsWall);   // the limit may be set again before its day is over
        pacer.ForgetKept(Noon, day + Pacer.KeepsUse - 1);
        Assert.True(pacer.NeedsWall);
        pacer.ForgetKept(Noon, day + Pacer.KeepsUse);
        Assert.False(pacer.NeedsWall);
    }

    private static CalendarMeter Meter(long limit) => new(new Quota(QuotaDimension.Requests, limit, Zone: Pacific));

    private static long Use(CalendarMeter meter, long amount, long at)
    {
        meter.Reserve(amount);
        return meter.Sent(amount, at);
    }

    private static void TellAt(CalendarMeter meter, long now) => meter.Tell(Noon.AddTicks(now / 100), now);
}
