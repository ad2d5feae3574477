using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Limiters that are wrong in the usual ways must not pass; otherwise the other tests prove nothing.</summary>
public sealed class WindowCheckerTests
{
    private const long Second = 1_000_000_000;
    private static readonly RateLimit Limit = new(60, 10);

    [Fact]
    public void A_token_bucket_is_caught()
    {
        var (tokens, last) = (60.0, 0L);
        Assert.NotNull(WindowChecker.FirstOver(Saturate(now =>
        {
            tokens = Math.Min(60, tokens + ((now - last) / (double)Second * 6));
            last = now;
            if (tokens < 1)
                return false;

            tokens--;
            return true;
        }), Limit));
    }

    [Fact]
    public void A_fixed_window_is_caught()
    {
        var (window, used) = (-1L, 0);
        Assert.NotNull(WindowChecker.FirstOver(Saturate(now =>
        {
            if (now / (10 * Second) != window)
                (window, used) = (now / (10 * Second), 0);

            return used++ < 60;
        }, idleUntil: 9_500_000_000), Limit));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-1, true)]
    public void A_window_that_ends_one_nanosecond_early_is_caught(long off, bool caught)
    {
        var sent = new List<long>();
        var over = WindowChecker.FirstOver(Saturate(now =>
        {
            var isFree = sent.Count < 60 || sent[^60] + (10 * Second) + off <= now;
            if (isFree)
                sent.Add(now);

            return isFree;
        }, around: 10 * Second), Limit);
        Assert.Equal(caught, over is not null);
    }

    [Fact]
    public void A_limit_that_forgets_what_it_let_through_before_it_was_lowered_and_raised_is_caught()
    {
        var sixty = new RateLimit(60, 60);
        var departures = Enumerable.Range(0, 61).Select(i => new Departure(i, 1, sixty, long.MinValue)).ToArray();
        Assert.Equal(60, WindowChecker.FirstSeeingTooMany(departures));
        Assert.Null(WindowChecker.FirstSeeingTooMany(departures[..60]));
    }

    /// <summary>Asks without end for 30 s in steps of 10 ms; or at 0 and then in each nanosecond around one tick.</summary>
    private static List<Departure> Saturate(Func<long, bool> mayGo, long idleUntil = 0, long around = 0)
    {
        var ticks = around > 0
            ? Enumerable.Range(-100, 200).Select(off => around + off).Prepend(0)
            : Enumerable.Range(0, 3000).Select(step => idleUntil + (step * 10_000_000L));
        var departures = new List<Departure>();
        foreach (var now in ticks)
        {
            for (var i = 0; i < 200 && mayGo(now); i++)
                departures.Add(new Departure(now, 1, Limit, long.MinValue));
        }

        return departures;
    }
}
