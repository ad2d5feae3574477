using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class ShaperTests
{
    private const long Second = SendWindow.Second;
    private static readonly RateLimit Limit = new(600, 60);

    [Theory]
    [InlineData(600, 60, 10, 1_050)]     // 10 in any second and the guard
    [InlineData(60, 60, 1, 1_050)]
    [InlineData(6, 60, 1, 10_050)]
    [InlineData(90, 60, 1, 717)]         // one in 667 ms and the guard
    [InlineData(1000, 1, 1000, 0)]       // the interval is the slice
    public void Smooth_is_one_seconds_worth_at_once(int count, int seconds, int burst, long sliceMs)
    {
        var shaper = new Shaper(PacingMode.Smooth, false, new RateLimit(count, seconds), Second / 20, 7);
        Assert.Equal((burst, sliceMs), (shaper.Burst, (long)Math.Round(shaper.SliceSpan / 1e6)));
        Assert.Equal(new ShapeState(PacingMode.Smooth, burst, shaper.SliceSpan, ShapeCause.Chosen, 7), shaper.State);
        Assert.Equal(sliceMs == 0 ? 0 : burst, shaper.SliceMost);
        Assert.False(shaper.CanShrink);
        Assert.False(shaper.Refused(8, 9));
    }

    [Fact]
    public void A_slice_is_never_faster_than_the_limit_and_its_guard_at_most_a_tenth()
    {
        var shaper = new Shaper(PacingMode.Smooth, false, Limit, 5 * Second, 0);
        Assert.Equal((Second * 11 / 10), shaper.SliceSpan);
        var slow = new Shaper(PacingMode.Smooth, false, new RateLimit(20, 10), 5 * Second, 0);
        Assert.Equal(15 * Second / 10, slow.SliceSpan);   // 2 of 20 in 15 s: 1.5 s
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
        {
            halvings++;
        }

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
    public void Ten_clean_windows_let_a_burst_grow_and_a_hundred_reach_what_was_refused()
    {
        var shaper = new Shaper(PacingMode.Auto, false, new RateLimit(6, 60), 0, 0);
        Assert.True(shaper.Refused(0, 0));   // 6 was too much: 3
        Assert.Equal([4, 5], Enumerable.Range(0, 2).Select(_ => WindowsToGrow(10)));
        Assert.Equal(6, WindowsToGrow(100));
        Assert.Equal((0, 0), (shaper.SliceMost, shaper.SliceSpan));

        int WindowsToGrow(int windows)
        {
            var at = _at;
            Assert.False(shaper.Sent(at));
            for (var i = 1; i < windows; i++)
            {
                Assert.False(shaper.Sent(at + (i * 60 * Second)));
                Assert.False(shaper.Sent(at + (i * 60 * Second) + Second));
            }

            Assert.True(shaper.Sent(_at = at + (windows * 60 * Second)));
            Assert.Equal(ShapeCause.CleanWindows, shaper.Cause);
            return shaper.Burst;
        }
    }

    [Fact]
    public void A_refusal_starts_the_clean_windows_anew()
    {
        var shaper = new Shaper(PacingMode.Auto, false, new RateLimit(60, 60), 0, 0);
        shaper.Refused(0, 0);
        for (var i = 0; i < 10; i++)
        {
            Assert.False(shaper.Sent(i * 61 * Second));
        }

        Assert.False(shaper.Refused(-1, 10 * 61 * Second));   // of before: changes nothing but the count
        Assert.False(shaper.Sent(10 * 61 * Second));
        Assert.Equal(30, shaper.Burst);
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
        Assert.Equal((300, 7), (shaper.Burst, shaper.Since));
        shaper.ChangeLimit(new RateLimit(1, 60), 0, 9);
        Assert.Equal(1, shaper.Burst);
        var smooth = new Shaper(PacingMode.Smooth, false, Limit, 0, 0);
        smooth.ChangeLimit(new RateLimit(1200, 60), 0, 5);
        Assert.Equal(20, smooth.Burst);
    }

    private long _at = Second;
}
