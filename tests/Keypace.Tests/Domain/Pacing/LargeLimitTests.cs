using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Limits too large to keep every stamp, and what else is at the bounds.</summary>
public sealed class LargeLimitTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void A_million_stay_exact_enough_full_and_small()
    {
        var limit = new RateLimit(1_000_000, 3600);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var window = new SendWindow(limit, 0);
        var departures = new List<Departure>();
        var now = 0L;
        for (var i = 0; i < 2_500_000; i++)
        {
            var next = window.NextFree(now);
            departures.Add(departures.Count > 0 && departures[^1].At == next ? departures[^1] with { Count = departures[^1].Count + 1 } : new Departure(next, 1, limit, long.MinValue));
            if (departures[^1].Count > 1)
                departures.RemoveAt(departures.Count - 2);

            now = next;
            window.Take();
            window.Sent(now);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.InRange(allocated, 0, 40_000 + (departures.Capacity * 128L));
        Assert.Null(WindowChecker.FirstOver(departures, limit));
        Assert.InRange(now, 2 * 3600 * Second, 2 * 3601 * Second);   // the third burst, at most a slot late each
    }

    [Fact]
    public void Both_forms_say_the_same_to_within_a_slot_whatever_comes()
    {
        for (var seed = 1; seed <= Traces.Count(25, 2000); seed++)
        {
            var chance = new Random(seed);
            var limit = new RateLimit(SendWindow.MostExact + 1, 1 + chance.Next(100));
            var slotted = new SendWindow(limit, chance.NextInt64(Second));
            var slot = (slotted.Span / SendWindow.Slots) + 1;
            var list = new List<(long At, int Count)>();
            var now = 1000 * Second;
            for (var step = 0; step < 30; step++)
            {
                now += chance.NextInt64(slotted.Span / 10);
                var count = chance.Next(20_000);
                slotted.AssumeSent(count, now);
                list.Add((now, count));
                var used = limit.Count - slotted.FreeBy(now);
                int Exactly(long at) => list.Where(sent => sent.At + slotted.Span > at).Sum(sent => sent.Count);
                Assert.True(used >= Math.Min(limit.Count, Exactly(now)) && used <= Exactly(now - slot), $"Used {used}, seed {seed}.");
                var free = slotted.NextFree(now);
                Assert.True(Exactly(free) < limit.Count && (free == now || Exactly(free - slot) >= limit.Count), $"Next free, seed {seed}.");
                Assert.Equal(free, slotted.Expected(0, now, 0));
                Assert.Equal(free == now, slotted.IsFree(now));
            }

            var counting = slotted.Counting(now);
            Assert.Equal(limit.Count - slotted.FreeBy(now), Math.Min(limit.Count, counting.Length));
            Assert.True(counting.All(stamp => stamp + slotted.Span > now) && counting.SequenceEqual(counting.Order()), $"What counts, seed {seed}.");

            Assert.Equal(now, slotted.LastSent);
            Assert.False(slotted.IsEmptyAt(now + slotted.Span - 1));
            Assert.True(slotted.IsEmptyAt(now + slotted.Span + slot));
        }
    }

    [Fact]
    public void Permits_that_are_out_count_with_slots_too()
    {
        var window = new SendWindow(new RateLimit(SendWindow.MostExact + 1, 10), 0);
        window.AssumeSent(SendWindow.MostExact, 0);
        window.Take();
        Assert.Equal((false, long.MaxValue > window.NextFree(0), 0), (window.IsFree(0), true, window.FreeBy(0)));
        Assert.InRange(window.NextFree(0), 10 * Second, 10 * Second + (Second / 400));
        Assert.InRange(window.Expected(SendWindow.MostExact, 0, 0), 10 * Second, 10 * Second + (Second / 200));
        window.Return();
        Assert.True(window.IsFree(0));
        for (var i = 0; i <= SendWindow.MostExact; i++)
            window.Take();

        Assert.Equal((false, long.MaxValue), (window.IsFree(99 * Second), window.NextFree(99 * Second)));
    }

    [Fact]
    public void Limits_that_change_between_the_forms_forget_nothing()
    {
        var window = new SendWindow(new RateLimit(100, 10), 0);
        window.AssumeSent(60, 1);
        window.ChangeLimit(new RateLimit(200_000, 10), 0, 2);
        Assert.Equal(199_940, window.FreeBy(3));
        window.AssumeSent(40, 5);
        window.ChangeLimit(new RateLimit(100, 10), 0, 6);
        Assert.False(window.IsFree(7));
        Assert.InRange(window.NextFree(7), 10 * Second, 10 * Second + (Second / 100));
        window.ChangeLimit(new RateLimit(100, 20), 0, 8);
        Assert.InRange(window.NextFree(8), 20 * Second, 20 * Second + (Second / 100));
        Assert.True(window.IsFree(40 * Second));
        window.Take();
        window.Sent(40 * Second);
        Assert.Equal([40 * Second], window.Counting(40 * Second));
        Assert.Equal(60 * Second, window.ExpectedAfter(99));
    }

    [Fact]
    public void A_limit_lowered_to_one_with_ten_thousand_waiting_lets_one_go_at_a_time()
    {
        var pacer = new Pacer(new RateLimit(1000, 10), 0, QueueBounds.Default);
        var changed = new List<Ticket>();
        for (var i = 0; i < 11_000; i++)
        {
            var ticket = new PlainTicket();
            if (pacer.Enqueue(ticket, new Arrival("t", $"c{i % 3}"), 0) == EntryEnd.Granted)
                pacer.Sent(ticket, 0);
        }

        pacer.ChangeLimit(new RateLimit(1, 10), 0, Second);
        Assert.Equal(10 * Second, pacer.ExpectedStart(0, Second));
        Assert.Equal(10 * Second * 10_000, pacer.ExpectedStart(9_999, Second));
        for (var i = 1; i <= 50; i++)
        {
            var now = i * 10 * Second;
            pacer.Advance(now - 1, changed);
            Assert.DoesNotContain(changed, ticket => ticket.State == TicketState.Granted);
            Assert.Equal(now, pacer.NextEvent(now - 1));
            changed.Clear();
            pacer.Advance(now, changed);
            var granted = Assert.Single(changed, ticket => ticket.State == TicketState.Granted);
            pacer.Sent(granted, now);
        }

        Assert.Equal(9_950, pacer.Waiting);
    }

    [Fact]
    public void A_day_is_as_exact_as_a_second()
    {
        var window = new SendWindow(new RateLimit(2, 86_400), 0);
        window.AssumeSent(2, 7);
        Assert.False(window.IsFree(6 + (86_400 * Second)));
        Assert.True(window.IsFree(7 + (86_400 * Second)));
        Assert.Equal(7 + (86_400 * Second * 5000), window.Expected(9_999, 7, 0));
    }
}

internal static class Outlook
{
    /// <summary>When the one after so many others starts, asked when the last was sent.</summary>
    public static long ExpectedAfter(this SendWindow window, int position) => window.Expected(position, window.LastSent, 0);
}
