using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class SendWindowTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void A_stamp_leaves_the_window_exactly_when_the_interval_and_the_guard_are_over()
    {
        var window = new SendWindow(new RateLimit(1, 10), guard: 5);
        Send(window, 100);
        Assert.False(window.IsFree(100 + (10 * Second) + 4));
        Assert.True(window.IsFree(100 + (10 * Second) + 5));
        Assert.Equal(100 + (10 * Second) + 5, window.NextFree(100));
    }

    [Fact]
    public void A_permit_that_is_takencounts_until_it_is_sent_or_returned_however_long_that_takes()
    {
        var window = new SendWindow(new RateLimit(1, 1), guard: 0);
        window.Take();
        Assert.False(window.IsFree(1_000_000 * Second));
        Assert.Equal(long.MaxValue, window.NextFree(0));
        window.Return();
        Assert.True(window.IsFree(0));
        Assert.Contains("No permit is out", Assert.Throws<InvalidOperationException>(window.Return).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => window.Sent(0));
    }

    [Fact]
    public void Stamps_that_come_takenof_order_are_put_in_order()
    {
        var window = new SendWindow(new RateLimit(5, 10), guard: 0);
        foreach (var at in new long[] { 3, 1, 2, 5, 4 })
            Send(window, at);

        Assert.Equal([1, 2, 3, 4, 5], window.Counting(6));
        Assert.Equal([4, 5], window.Counting(3 + (10 * Second)));
        Assert.Equal(1 + (10 * Second), window.NextFree(6));
        Assert.Equal(3, window.FreeBy(3 + (10 * Second)));
    }

    [Fact]
    public void A_limit_that_was_lowered_and_raised_again_still_counts_what_was_sent_before()
    {
        var window = new SendWindow(new RateLimit(60, 60), guard: 0);
        for (var i = 0; i < 60; i++)
            Send(window, i);

        window.ChangeLimit(new RateLimit(1, 1), 0, 1 * Second);
        Send(window, 2 * Second);
        Send(window, 3 * Second);
        window.ChangeLimit(new RateLimit(60, 60), 0, 4 * Second);
        Assert.False(window.IsFree(4 * Second));
        Assert.Equal(60 * Second + 2, window.NextFree(4 * Second));   // 62 were sent: three have to leave
    }

    [Fact]
    public void A_lowered_limit_waits_until_few_enough_are_left_and_gives_its_memory_back()
    {
        var window = new SendWindow(new RateLimit(1_000_000, 10), guard: 0);
        window.AssumeSent(999_999, at: 5);
        Send(window, 7);
        window.ChangeLimit(new RateLimit(2, 10), 0, 8);
        Assert.InRange(window.NextFree(8), 5 + (10 * Second), 5 + (10 * Second) + (Second / 400));   // a slot of 1/4000 later at most
        Send(window, 30 * Second);
        Assert.InRange(window.Held, 1, 2);
    }

    [Fact]
    public void What_is_assumed_from_before_counts_like_what_was_sent()
    {
        var window = new SendWindow(new RateLimit(10, 10), guard: 0);
        Send(window, 20);
        window.AssumeSent(9, at: 10);
        Assert.Equal(10 + (10 * Second), window.NextFree(30));
        var restored = new SendWindow(new RateLimit(3, 10), guard: 0);
        restored.Restore(window.Counting(30));
        Assert.Equal(10 + (10 * Second), restored.NextFree(30));
        restored.ChangeLimit(new RateLimit(10, 10), 0, 31);
        Assert.Equal(10 + (10 * Second), restored.NextFree(31));
    }

    [Fact]
    public void Stamps_may_be_from_before_the_clock_began()
    {
        var window = new SendWindow(new RateLimit(1, 10), guard: 0);
        window.AssumeSent(1, at: -4 * Second);
        Assert.Equal(6 * Second, window.NextFree(0));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(1_000_001, 1)]
    [InlineData(1, 86_401)]
    public void Limits_takenof_bounds_are_a_bug(int count, int seconds)
    {
        var fault = Assert.Throws<ArgumentOutOfRangeException>(() => new SendWindow(new RateLimit(count, seconds), 0));
        Assert.Contains("1 to 1,000,000 in 1 to 86,400 seconds", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SendWindow(new RateLimit(1, 1), 0).ChangeLimit(new RateLimit(count, seconds), 0, 0));
    }

    [Fact]
    public void The_expected_start_of_any_position_is_when_it_really_comes()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var chance = new Random(seed);
            var window = new SendWindow(new RateLimit(1 + chance.Next(8), 1 + chance.Next(5)), chance.NextInt64(Second));
            var now = 100 * Second;
            for (var i = chance.Next(20); i > 0; i--)
                window.AssumeSent(1, now - chance.NextInt64(6 * Second));

            var taken = chance.Next(1 + window.Limit.Count);   // permits that are out count as used now
            for (var i = 0; i < taken; i++)
                window.Take();

            var gate = now + chance.NextInt64(-Second, 3 * Second);
            var expected = Enumerable.Range(0, 30).Select(position => window.Expected(position, now, gate)).ToArray();
            var at = now;
            for (var i = 0; i < taken; i++)
                window.Sent(now);

            for (var i = 0; i < 30; i++)
            {
                at = Math.Max(Math.Max(at, gate), window.NextFree(at));
                Assert.True(expected[i] == at, $"Position {i}, seed {seed}: expected {expected[i]}, came {at}.");
                Send(window, at);
            }
        }
    }

    [Fact]
    public void It_holds_no_more_stamps_than_it_looks_at()
    {
        var window = new SendWindow(new RateLimit(10, 10), guard: 0);
        for (var at = 0; at < 35; at++)
            Send(window, at);

        Send(window, 24);   // told late, older than the newest ten: it can keep nobody back
        Assert.Equal(10, window.Held);
        Assert.Equal([25, 26, 27, 28, 29, 30, 31, 32, 33, 34], window.Counting(35));
        window.ChangeLimit(new RateLimit(2, 10), 0, 40);
        Assert.Equal(10, window.Held);   // the limit may be raised again before they have left
        Send(window, 60 * Second);
        Assert.InRange(window.Held, 1, 3);
    }

    [Fact]
    public void The_largest_limit_that_is_counted_stamp_by_stamp_is_exact_to_the_tick()
    {
        var window = new SendWindow(new RateLimit(SendWindow.MostExact, 10), guard: 0);
        window.AssumeSent(SendWindow.MostExact, 7);
        Assert.Equal(SendWindow.MostExact, window.Held);
        Assert.Equal(7 + (10 * Second), window.NextFree(8));
    }

    [Fact]
    public void A_negative_guard_is_a_bug()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SendWindow(new RateLimit(1, 1), -1));
        var window = new SendWindow(new RateLimit(1, 1), 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => window.ChangeLimit(new RateLimit(1, 1), -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => window.AssumeSent(1_000_001, 0));
        window.AssumeSent(0, 9);
        Assert.Equal((0, long.MinValue), (window.Held, window.LastSent));
    }

    private static void Send(SendWindow window, long at)
    {
        window.Take();
        window.Sent(at);
    }
}
