using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class ShaperTests
{
    private const long Second = SendWindow.Second;
    private static readonly RateLimit Limit = new(600, 60);

    [Theory]
    [InlineData(600, 60, 10, 1_000, 1_050)]     // 10 in any second, and the guard where the hub enforces slices
    [InlineData(60, 60, 1, 1_000, 1_050)]
    [InlineData(6, 60, 1, 10_000, 10_050)]
    [InlineData(90, 60, 1, 667, 717)]           // one in 667 ms
    [InlineData(1000, 1, 1000, 0, 0)]           // the interval is the slice
    public void Smooth_is_one_seconds_worth_at_once(int count, int seconds, int burst, long chosenMs, long guardedMs)
    {
        var limit = new RateLimit(count, seconds);
        foreach (var (enforcesSlices, sliceMs) in new[] { (false, chosenMs), (true, guardedMs) })
        {
            var shaper = new Shaper(PacingMode.Smooth, enforcesSlices, limit, Second / 20, 7);
            Assert.Equal((burst, sliceMs), (shaper.Burst, (long)Math.Round(shaper.SliceSpan / 1e6)));
            Assert.Equal((PacingMode.Smooth, burst, shaper.SliceSpan, ShapeCause.Chosen, 7L), (shaper.State.Mode, shaper.State.Burst, shaper.State.Slice, shaper.State.Cause, shaper.State.Since));
            Assert.Equal((sliceMs == 0 ? 0 : burst, sliceMs > 0), (shaper.SliceMost, shaper.State.IsSmooth(limit)));
            Assert.InRange(shaper.State.Use, sliceMs > chosenMs ? 0.9 : 1, sliceMs > chosenMs ? 0.996 : 1);
        }
    }

    [Fact]
    public void The_guard_of_a_slice_is_at_most_a_tenth_of_it()
    {
        var shaper = new Shaper(PacingMode.Smooth, true, Limit, 5 * Second, 0);
        Assert.Equal(Second * 11 / 10, shaper.SliceSpan);
        Assert.Equal(65 / 66.0, shaper.State.Use, 9);   // of what a window with such a guard allows
        var slow = new Shaper(PacingMode.Smooth, true, new RateLimit(20, 10), 5 * Second, 0);
        Assert.Equal(15 * Second / 10, slow.SliceSpan);   // 2 of 20 in 15 s: 1.5 s
    }

    [Fact]
    public void A_smooth_flow_that_is_refused_gets_a_guard_in_each_slice_and_loses_it_after_a_clean_window_once()
    {
        var shaper = new Shaper(PacingMode.Smooth, false, Limit, Second / 20, 0);
        Assert.True(shaper.CanShrink);
        Assert.True(shaper.Refused(1, 2));
        Assert.Equal((10, 1_050, ShapeCause.Refused), (shaper.Burst, shaper.SliceSpan / 1_000_000, shaper.Cause));
        Assert.False(shaper.CanShrink);
        Assert.False(shaper.Refused(3, 4));
        Assert.False(shaper.Sent(5));
        Assert.True(shaper.Sent(61 * Second));
        Assert.Equal((Second, ShapeCause.CleanWindows), (shaper.SliceSpan, shaper.Cause));
        Assert.True(shaper.Refused(61 * Second, 62 * Second));   // it was the slices: a hundred windows now
        var at = 63 * Second;
        Assert.False(shaper.Sent(at));
        Assert.Equal(Shaper.CleanToRetry, Windows(shaper, ref at));
    }

    [Theory]
    [InlineData(true, 10, ShapeCause.HubHint)]
    [InlineData(false, 600, ShapeCause.NothingKnown)]
    public void Auto_begins_with_the_hubs_hint(bool startsSmooth, int burst, ShapeCause cause)
    {
        var shaper = new Shaper(PacingMode.Auto, startsSmooth, Limit, 0, 0);
        Assert.Equal((burst, cause, true), (shaper.Burst, shaper.Cause, shaper.CanShrink));
    }

    [Fact]
    public void Refusals_of_one_burst_halve_once_down_to_one()
    {
        var shaper = new Shaper(PacingMode.Auto, false, Limit, 0, 0);
        Assert.True(shaper.Refused(1, now: 10));
        Assert.False(shaper.Refused(2, now: 11));
        Assert.False(shaper.Refused(9, now: 12));
        Assert.Equal((300, ShapeCause.Refused, 10), (shaper.Burst, shaper.Cause, shaper.Since));
        var halvings = 0;
        for (var now = 20L; shaper.Refused(now, now); now += 10)
            halvings++;

        Assert.Equal((1, 8, false), (shaper.Burst, halvings, shaper.CanShrink));
    }

    [Fact]
    public void The_first_halving_of_a_very_large_limit_comes_to_what_a_slice_can_hold()
    {
        var shaper = new Shaper(PacingMode.Auto, false, new RateLimit(1_000_000, 60), 0, 0);
        Assert.True(shaper.Refused(0, 1));
        Assert.Equal(SendWindow.MostExact, shaper.Burst);
    }

    [Fact]
    public void Bursts_that_one_storm_made_small_are_as_they_were_after_a_few_clean_windows()
    {
        var shaper = new Shaper(PacingMode.Auto, false, Limit, 0, 0);
        for (var i = 1; i <= 6; i++)
            Assert.True(shaper.Refused(i, i));

        Assert.Equal(9, shaper.Burst);
        var at = Second;
        Assert.False(shaper.Sent(at));
        foreach (var burst in new[] { 36, 144, 576, 600 })
            Assert.Equal((1, burst), (Windows(shaper, ref at), shaper.Burst));

        Assert.Equal((0, 0L, ShapeCause.CleanWindows), (shaper.SliceMost, shaper.SliceSpan, shaper.Cause));
    }

    [Fact]
    public void Slices_that_were_found_hold_and_are_tried_again_one_by_one()
    {
        var shaper = new Shaper(PacingMode.Auto, false, new RateLimit(24, 60), 0, 0);
        Assert.True(shaper.Refused(0, 1) && shaper.Refused(1, 2) && shaper.Refused(2, 3));
        Assert.Equal(3, shaper.Burst);
        var at = Second;
        Assert.False(shaper.Sent(at));
        Assert.Equal((1, 12), (Windows(shaper, ref at), shaper.Burst));
        Assert.True(shaper.Refused(at, at + 1));
        Assert.Equal((3, false), (shaper.Burst, shaper.Sent(at)));   // what was clean before
        Assert.Equal((10, 4), (Windows(shaper, ref at), shaper.Burst));
        Assert.Equal((10, 5), (Windows(shaper, ref at), shaper.Burst));
        Assert.True(shaper.Refused(at, at + 1));
        Assert.Equal((4, false), (shaper.Burst, shaper.Sent(at)));
        Assert.Equal((100, 5), (Windows(shaper, ref at), shaper.Burst));
    }

    [Fact]
    public void Bursts_that_were_not_at_fault_are_back_at_once_when_the_limit_is()
    {
        var shaper = new Shaper(PacingMode.Auto, false, Limit, 0, 0);
        Assert.False(shaper.Restore(1));
        for (var i = 1; shaper.Refused(i, i); i++)
            shaper.ChangeLimit(Limit, i, i);

        shaper.Excuse();
        shaper.ChangeLimit(new RateLimit(1, 60), 0, 50);
        shaper.ChangeLimit(Limit, 0, 60);
        Assert.Equal(1, shaper.Burst);
        Assert.True(shaper.Restore(70));
        Assert.Equal((600, 0), (shaper.Burst, shaper.SliceMost));
        Assert.True(shaper.Refused(80, 90));   // they were
        Assert.Equal((1, false), (shaper.Burst, shaper.Restore(95)));
    }

    [Fact]
    public void What_was_learned_is_recalled_under_another_limit_too()
    {
        var shaper = new Shaper(PacingMode.Auto, false, Limit, 0, 0);
        Assert.Null(shaper.Learned);
        shaper.Refused(1, 2);
        shaper.Refused(3, 4);
        var other = new Shaper(PacingMode.Auto, false, new RateLimit(1200, 60), 0, 0);
        other.Recall(shaper.Learned!, 9);
        Assert.Equal((300, ShapeCause.Refused, 15 * Second), (other.Burst, other.Cause, other.SliceSpan));
        var at = 10 * Second;
        Assert.False(other.Sent(at));
        Assert.Equal((1, 1200), (Windows(other, ref at), other.Burst));
    }

    [Fact]
    public void A_refusal_starts_the_clean_windows_anew()
    {
        var shaper = new Shaper(PacingMode.Auto, false, new RateLimit(60, 60), 0, 0);
        shaper.Refused(0, 0);
        Assert.False(shaper.Sent(0));
        Assert.False(shaper.Refused(-1, 61 * Second));   // of before: changes nothing but the count
        Assert.Equal(30, shaper.Burst);
        Assert.False(shaper.Sent(61 * Second));
        Assert.True(shaper.Sent(121 * Second));
    }

    [Fact]
    public void Another_limit_keeps_what_was_learned_of_slices_and_begins_anew_otherwise()
    {
        var shaper = new Shaper(PacingMode.Auto, false, Limit, 0, 0);
        shaper.ChangeLimit(new RateLimit(1200, 60), 0, 5);
        Assert.Equal((1200, ShapeCause.NothingKnown), (shaper.Burst, shaper.Cause));
        shaper.Refused(5, 6);
        shaper.ChangeLimit(new RateLimit(600, 60), 0, 7);
        Assert.Equal((300, ShapeCause.Refused), (shaper.Burst, shaper.Cause));   // half a minute's worth, as before
        shaper.ChangeLimit(new RateLimit(600, 60), 9, 8);
        Assert.Equal((300, 6), (shaper.Burst, shaper.Since));
        shaper.ChangeLimit(new RateLimit(1, 60), 0, 9);
        Assert.Equal(1, shaper.Burst);
        var smooth = new Shaper(PacingMode.Smooth, false, Limit, 0, 0);
        smooth.ChangeLimit(new RateLimit(1200, 60), 0, 5);
        Assert.Equal(20, smooth.Burst);
    }

    /// <summary>How many clean windows it takes until something changes, with one query in each.</summary>
    private static int Windows(Shaper shaper, ref long at)
    {
        for (var windows = 1; windows < 500; windows++)
        {
            at += 61 * Second;
            if (shaper.Sent(at))
                return windows;
        }

        throw new InvalidOperationException("Nothing changes.");
    }
}
