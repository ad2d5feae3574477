using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>A limit that is changed to and fro, beside a plain list that forgets nothing.</summary>
public sealed class ChangingLimitTests
{
    private const long Second = SendWindow.Second;

    /// <summary>
    /// As long as the largest limit ruled less than its interval ago, every change counts everything: lowered, raised, longer, shorter, by ring and by slots.
    /// </summary>
    [Theory]
    [InlineData(40)]
    [InlineData(SendWindow.MostExact + 1000)]
    public void Whatever_rules_in_between_nothing_that_a_limit_counts_is_forgotten(int most)
    {
        var first = Traces.FirstSeed();
        for (var seed = first; seed < first + Traces.Count(500, 20_000); seed++)
        {
            var chance = new Random(seed);
            var (largest, longest) = (new RateLimit(most, 100), (100 * Second) + 7);
            var window = new SendWindow(largest, 7);
            var tolerance = most > SendWindow.MostExact ? (longest / SendWindow.Slots) + 2 : 0;
            var sent = new List<(long At, int Count)>();
            long Counting(long span, long tick) => sent.Where(one => one.At + span > tick).Sum(one => (long)one.Count);
            var (now, ends) = (1000 * Second, 1000 * Second + longest);
            while (now < ends)
            {
                switch (chance.Next(4))
                {
                    case 0:
                        Change(window, chance, most, now);
                        break;
                    case 1:
                        var count = chance.Next(1 + (most / 8));
                        window.AssumeSent(count, now);
                        sent.Add((now, count));
                        break;
                    default:
                        var at = now - chance.NextInt64(Second);   // told late
                        window.Take();
                        window.Sent(at);
                        sent.Add((at, 1));
                        break;
                }

                var (rules, span) = (window.Limit.Count, window.Span);
                Assert.True(window.FreeBy(now) <= Math.Max(0, rules - Counting(span, now)), $"Too many free, {window.Limit}, seed {seed}.");
                Assert.True(window.FreeBy(now) >= Math.Max(0, rules - Counting(span + tolerance, now)), $"Too few free, {window.Limit}, seed {seed}.");
                var next = window.NextFree(now);
                Assert.True(Counting(span, next) < rules, $"Next too early, {window.Limit}, seed {seed}.");
                Assert.True(next == now || Counting(span + tolerance, next - 1) >= rules, $"Next too late, {window.Limit}, seed {seed}.");
                now += chance.NextInt64(4 * Second);
            }
        }
    }

    [Fact]
    public void Of_limits_that_ruled_one_after_another_the_largest_and_the_longest_are_remembered()
    {
        var window = new SendWindow(new RateLimit(60, 60), 0);
        window.AssumeSent(60, 0);
        window.ChangeLimit(new RateLimit(10, 1), 0, 1 * Second);
        window.ChangeLimit(new RateLimit(5, 2), 0, 2 * Second);
        window.ChangeLimit(new RateLimit(1, 1), 0, 4 * Second);
        Assert.Equal(60, window.Held);
        window.ChangeLimit(new RateLimit(61, 60), 0, 59 * Second);
        Assert.Equal((1, 60 * Second), (window.FreeBy(59 * Second), window.Expected(1, 59 * Second, 0)));
    }

    [Fact]
    public void A_limit_that_ruled_longer_ago_than_a_day_is_remembered_no_more()
    {
        const long Day = 24 * 3600 * Second;
        var window = new SendWindow(new RateLimit(60, 60), 0);
        window.AssumeSent(60, 0);
        window.ChangeLimit(new RateLimit(3, 10), 0, 1 * Second);
        Assert.True(window.IsEmptyAt(61 * Second));
        window.ChangeLimit(new RateLimit(2, 10), 0, Day + (1 * Second));
        Assert.InRange(window.Held, 0, 3);
        for (var i = 0; i < 10; i++)
        {
            window.Take();
            window.Sent(Day + (62 * Second) + i);
        }

        Assert.Equal(3, window.Held);
        var other = new SendWindow(new RateLimit(60, 60), 0);
        other.AssumeSent(1, 0);
        other.ChangeLimit(new RateLimit(3, 10), 0, Second);
        Assert.False(other.IsEmptyAt((60 * Second) - 1));   // may be raised again before
    }

    [Fact]
    public void A_limit_that_is_lowered_for_longer_than_its_interval_and_raised_again_has_not_forgotten_what_was_sent_in_between()
    {
        var window = new SendWindow(new RateLimit(100, 60), 0);
        window.ChangeLimit(new RateLimit(5, 1), 0, 0);
        for (var second = 0; second < 70; second++)
        {
            for (var i = 0; i < 5; i++)
            {
                window.Take();
                window.Sent((second * Second) + i);
            }
        }

        window.ChangeLimit(new RateLimit(100, 60), 0, 70 * Second);
        Assert.Equal(0, window.FreeBy(70 * Second));   // 300 went in the last minute
    }

    [Fact]
    public void More_than_the_limit_from_before_a_restart_is_held_as_long_as_it_may_count()
    {
        var stamps = Enumerable.Range(0, 25).Select(at => (long)at).ToArray();
        var window = new SendWindow(new RateLimit(10, 10), 0);
        window.Restore(stamps);
        Assert.Equal((25, 24L, 0), (window.Held, window.LastSent, window.FreeBy(25)));
        Assert.Equal(15 + (10 * Second), window.NextFree(25));
        window.ChangeLimit(new RateLimit(30, 10), 0, 26);
        Assert.Equal((5, 26L), (window.FreeBy(26), window.NextFree(26)));
        window.ChangeLimit(new RateLimit(10, 10), 0, 27);
        window.Take();
        window.Sent(60 * Second);
        Assert.InRange(window.Held, 1, 11);

        var slotted = new SendWindow(new RateLimit(100_000, 10), 0);
        slotted.Restore(stamps);
        Assert.Equal((100_000 - 25, 24L), (slotted.FreeBy(25), slotted.LastSent));
        Assert.False(slotted.IsEmptyAt(24 + (10 * Second)));   // a slot longer
        Assert.True(slotted.IsEmptyAt(24 + (10 * Second) + (10 * Second / SendWindow.Slots)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_was_more_than_the_limit_stays_when_more_is_sent(bool isRestored)
    {
        var window = new SendWindow(new RateLimit(10, 10), 0);
        if (isRestored)
            window.Restore([.. Enumerable.Repeat(0L, 25)]);
        else
            window.AssumeSent(25, 0);

        window.Take();
        window.Sent(5 * Second);
        Assert.Equal(25, window.Held);
        window.ChangeLimit(new RateLimit(30, 10), 0, 6 * Second);
        Assert.Equal(5, window.FreeBy(6 * Second));
        var later = new SendWindow(new RateLimit(10, 10), 0);
        later.AssumeSent(25, 0);
        later.Take();
        later.Sent(10 * Second);   // a window later nobody asks for more than the limit any more
        Assert.InRange(later.Held, 1, 10);
    }

    [Fact]
    public void A_longer_interval_in_between_is_remembered_as_long_as_it_counts()
    {
        var window = new SendWindow(new RateLimit(60, 60), 0);
        window.ChangeLimit(new RateLimit(10, 100), 0, Second);
        window.AssumeSent(10, 49 * Second);
        window.ChangeLimit(new RateLimit(5, 1), 0, 50 * Second);
        window.Take();
        window.Sent(70 * Second);
        window.ChangeLimit(new RateLimit(12, 100), 0, 100 * Second);
        Assert.Equal(1, window.FreeBy(100 * Second));
    }

    [Fact]
    public void The_form_follows_the_limit_and_what_counts_is_the_same_in_both()
    {
        var window = new SendWindow(new RateLimit(100, 10), 0);
        window.AssumeSent(3, 5);
        window.ChangeLimit(new RateLimit(100_000, 100), 0, 6);
        var slot = 100 * Second / SendWindow.Slots;
        Assert.Equal([slot, slot, slot], window.Counting(7));   // a send counts from its slot's end
        window.AssumeSent(2, 50 * Second);
        window.ChangeLimit(new RateLimit(100_000, 10), 0, 51 * Second);
        Assert.Equal([50 * Second, 50 * Second], window.Counting(51 * Second));   // the slots still hold what the longer interval counts
        window.ChangeLimit(new RateLimit(100, 10), 0, 52 * Second);
        const long Later = (24 * 3600 * Second) + (400 * Second);
        Assert.True(window.IsFree(Later));
        window.Take();
        window.Sent(Later + 3);
        Assert.Equal([Later + 3], window.Counting(Later + Second));   // stamp by stamp again
    }

    [Fact]
    public void By_slots_an_expected_start_is_at_most_a_slot_a_round_late()
    {
        var (most, slot) = (SendWindow.MostExact + 1, 10 * Second / SendWindow.Slots);
        var window = new SendWindow(new RateLimit(most, 10), 0);
        window.AssumeSent(most - 2, 0);
        window.Take();
        Assert.Equal(1, window.Expected(0, 1, 0));
        Assert.Equal(10 * Second, window.Expected(1, 1, 0));
        Assert.Equal(10 * Second, window.Expected(most - 2, 1, 0));
        Assert.Equal(1 + (10 * Second) + slot, window.Expected(most - 1, 1, 0));   // behind the permit that is out
        Assert.Equal(1 + (10 * Second) + slot, window.Expected(most, 1, 0));
        Assert.Equal(3 * Second, new SendWindow(new RateLimit(most, 10), 0).Expected(7, 0, 3 * Second));
    }

    [Fact]
    public void A_shorter_interval_by_slots_does_not_wait_for_the_longer_one_before()
    {
        var window = new SendWindow(new RateLimit(100_000, 100), 0);
        window.AssumeSent(100_000, 0);
        window.ChangeLimit(new RateLimit(100_000, 10), 0, Second);
        Assert.InRange(window.NextFree(Second), 10 * Second, (10 * Second) + (100 * Second / SendWindow.Slots));
        Assert.False(window.IsFree(9 * Second));
        Assert.True(window.IsFree((10 * Second) + (100 * Second / SendWindow.Slots)));
        Assert.Equal(100_000, window.FreeBy(11 * Second));
    }

    private static void Change(SendWindow window, Random chance, int most, long now)
    {
        var next = chance.Next(3) == 0 ? new RateLimit(most, 100) : new RateLimit(1 + chance.Next(most), 1 + chance.Next(100));
        window.ChangeLimit(next, next.Seconds == 100 ? 7 : chance.NextInt64(Second), now);
    }
}
