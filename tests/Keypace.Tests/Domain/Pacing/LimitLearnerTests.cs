using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class LimitLearnerTests
{
    private const long Second = SendWindow.Second;
    private static readonly RateLimit Limit = new(60, 60);
    private static readonly HubRefusal WithoutWait = new(HubRefusalKind.RateLimited, null);

    [Fact]
    public void A_lower_limit_said_twice_rules_and_what_is_said_once_does_not()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        Assert.Null(Says(learner, 40).Limit);
        Assert.Null(Says(learner, 60).Limit);
        Assert.Null(Says(learner, 40).Limit);
        var lesson = Says(learner, 40);
        Assert.Equal(new RateLimit(40, 60), lesson.Limit);
        Assert.Equal(new PacingEvent(PacingEventKind.LimitLowered, PacingCause.LimitHeader, 60, 40, 0), lesson.Event);
        Assert.Equal(new RateLimit(40, 60), learner.Effective);
        Assert.Null(Says(learner, 40).Limit);
        Says(learner, 500);
        Assert.Equal(new RateLimit(60, 60), Says(learner, 500).Limit);   // up to what was configured
    }

    [Theory]
    [InlineData(true, 500)]
    [InlineData(false, null)]
    public void A_higher_limit_rules_only_where_nobody_chose(bool mayRaise, int? expected)
    {
        var learner = new LimitLearner(Limit, mayRaise, seed: 1);
        Says(learner, 500);
        var lesson = Says(learner, 500);
        Assert.Equal(expected, lesson.Limit?.Count);
        Assert.Equal(mayRaise ? PacingEventKind.LimitRaised : null, lesson.Event?.Kind);
        Assert.Equal(expected ?? 60, learner.Effective.Count);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(-5L)]
    [InlineData(long.MinValue)]
    [InlineData(null)]
    public void Nonsense_teaches_nothing(long? limit)
    {
        var learner = new LimitLearner(Limit, mayRaise: true, seed: 1);
        for (var i = 0; i < 3; i++)
            Assert.Equal(default, learner.Answered(new HubReport(60, limit, limit), Own(60), 0));

        Assert.Equal(Limit, learner.Effective);
    }

    [Fact]
    public void A_huge_limit_is_cut_and_one_of_another_interval_is_another_limit()
    {
        var learner = new LimitLearner(Limit, mayRaise: true, seed: 1);
        learner.Answered(new HubReport(86_400, 5, null), Own(60), 0);
        Assert.Equal(default, learner.Answered(new HubReport(86_400, 5, null), Own(60), 0));
        Says(learner, long.MaxValue);
        Assert.Equal(RateLimit.MostCount, Says(learner, long.MaxValue).Limit?.Count);
    }

    [Fact]
    public void What_is_missing_at_the_hub_beyond_what_is_under_way_was_sent_by_somebody_else()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        Assert.Equal(default, learner.Answered(new HubReport(60, 60, 47), Own(50, inFlight: 3), 5));
        var lesson = learner.Answered(new HubReport(60, 60, 46), Own(50, inFlight: 3), 5);
        Assert.Equal((4, new PacingEvent(PacingEventKind.ForeignTraffic, PacingCause.RemainingHeader, 50, 46, 5)), (lesson.ForeignSends, lesson.Event));
        Assert.Equal(default, learner.Answered(new HubReport(60, 60, 100), Own(50), 5));
        Assert.Equal(default, learner.Answered(new HubReport(10, 60, 0), Own(50), 5));
        Assert.Equal(default, learner.Answered(new HubReport(60, 60, -3), Own(50), 5));
        Assert.Equal(default, learner.Answered(new HubReport(60, 10, 9), Own(50), 5));   // a lower limit, said once
        Assert.Equal(4, learner.Answered(new HubReport(60, null, 46), Own(50), 5).ForeignSends);
        Assert.Equal(50, learner.Answered(new HubReport(60, 60, 0), Own(50), 5).ForeignSends);
    }

    [Fact]
    public void A_refusal_with_a_wait_pauses_as_long_and_up_to_a_tenth_longer()
    {
        for (var seed = 1; seed <= 50; seed++)
        {
            var lesson = new LimitLearner(Limit, false, seed).Refused(new(HubRefusalKind.RateLimited, 30 * Second), default, Own(0), 100 * Second);
            Assert.InRange(lesson.PauseUntil, 130 * Second, 133 * Second);
            Assert.Equal((PacingEventKind.Paused, PacingCause.RefusedWithWait), (lesson.Event!.Kind, lesson.Event.Cause));
            Assert.Equal((lesson.PauseUntil - (100 * Second)) / 1_000_000, lesson.Event.After);
            Assert.False(lesson.ShrinkBursts);
            Assert.Null(lesson.Limit);
        }
    }

    [Theory]
    [InlineData(24L * 3600 * Second, 24L * 3600, 26.4 * 3600)]
    [InlineData((24L * 3600 * Second) + 1, 3600, 3600)]
    [InlineData(long.MaxValue, 3600, 3600)]
    [InlineData(-5L, 0, 0)]
    public void Waits_out_of_all_reason_become_an_hour_after_which_one_query_asks(long wait, double least, double most)
    {
        var lesson = new LimitLearner(Limit, false, 1).Refused(new(HubRefusalKind.Overloaded, wait), default, Own(0), 0);
        Assert.InRange(lesson.PauseUntil / 1e9, least, most);
        Assert.Equal(wait > LimitLearner.LongestWait ? LimitLearner.AskEvery : 0, lesson.AskEvery);
    }

    [Fact]
    public void A_refusal_without_a_wait_makes_bursts_smaller_first_and_the_limit_then()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        var first = learner.Refused(WithoutWait, default, Own(9, canShrink: true), 10 * Second);
        Assert.True(first.ShrinkBursts && first.Limit is null);
        Assert.InRange(first.PauseUntil, 11 * Second, 11 * Second + (Second / 10));
        var second = learner.Refused(WithoutWait, default, Own(9, sentAt: 15 * Second), 20 * Second);
        Assert.Equal((new RateLimit(48, 60), false), (second.Limit, second.ShrinkBursts));
        Assert.Equal(new PacingEvent(PacingEventKind.LimitLowered, PacingCause.RefusedWithoutWait, 60, 48, 20 * Second), second.Event);
        Assert.InRange(second.PauseUntil, 22 * Second, 22 * Second + (Second / 5));
        Assert.Null(learner.Refused(WithoutWait, default, Own(9, sentAt: 19 * Second), 21 * Second).Limit);   // sent before it was lowered
        Assert.Equal(38, learner.Refused(WithoutWait, default, Own(9, sentAt: 20 * Second), 22 * Second).Limit?.Count);
    }

    [Fact]
    public void A_short_wait_means_slices_too()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        var lesson = learner.Refused(new(HubRefusalKind.RateLimited, 15 * Second), default, Own(0, canShrink: true), 0);
        Assert.True(lesson.ShrinkBursts);
        Assert.InRange(lesson.PauseUntil, 15 * Second, 17 * Second);
        Assert.False(learner.Refused(new(HubRefusalKind.RateLimited, (15 * Second) + 1), default, Own(0, canShrink: true), 0).ShrinkBursts);
    }

    [Fact]
    public void A_lowered_limit_is_asked_for_with_one_query_after_a_clean_window_and_is_whole_after_two()
    {
        var learner = new LimitLearner(new RateLimit(120, 60), mayRaise: false, seed: 1);
        learner.Refused(WithoutWait, default, Own(0), 0);
        Assert.Equal(96, learner.Effective.Count);
        Assert.Equal(default, learner.Answered(default, Own(0), (60 * Second) - 1));
        var one = learner.Answered(default, Own(0), 60 * Second);
        Assert.Equal((97, PacingEventKind.LimitRaised, PacingCause.CleanWindows, false), (one.Limit?.Count, one.Event!.Kind, one.Event.Cause, one.RestoreBursts));
        Assert.Equal(default, learner.Answered(default, Own(0), (60 * Second) + 1));
        var all = learner.Answered(default, Own(0), 120 * Second);
        Assert.Equal((120, true), (all.Limit?.Count, all.RestoreBursts));
        Assert.Equal(default, learner.Answered(default, Own(0), 10_000 * Second));
        Assert.Null(learner.Learned);
    }

    [Fact]
    public void What_the_hub_took_before_it_refused_is_its_limit_and_found_twice_it_is_asked_for_every_ten_windows()
    {
        var learner = new LimitLearner(new RateLimit(60, 60), mayRaise: false, seed: 1);
        for (var i = 1; i <= 20; i++)   // 60 at once, of which 40 are taken
        {
            learner.Refused(WithoutWait, default, Own(0, sentAt: 1) with { SentBefore = 60 }, 10 + i);
        }

        Assert.Equal(40, learner.Effective.Count);
        Assert.Equal(41, learner.Answered(default, Own(0), 61 * Second).Limit?.Count);
        learner.Refused(WithoutWait, default, Own(0, sentAt: 62 * Second) with { SentBefore = 41 }, 63 * Second);
        Assert.Equal((40, false), (learner.Effective.Count, learner.Learned!.IsFound));
        for (var window = 1; window <= 10; window++)
            Assert.Equal(default, learner.Answered(default, Own(0, sentAt: (63 + (60 * window)) * Second) with { SentBefore = 40 }, (63 + (60 * window)) * Second));

        Assert.True(learner.Learned.IsFound);
        var asks = learner.Answered(default, Own(0), (63 + 660) * Second);
        Assert.Equal(41, asks.Limit?.Count);
        Assert.Equal(default, learner.Answered(default, Own(0), (63 + 720) * Second));   // nobody tried it
        Assert.Equal(42, learner.Answered(default, Own(0, sentAt: (63 + 780) * Second) with { SentBefore = 41 }, (63 + 780) * Second).Limit?.Count);
    }

    [Fact]
    public void What_was_learned_is_recalled_confirmed_by_headers_and_forgotten_after_a_day()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        Assert.Null(learner.Learned);
        Says(learner, 40);
        Says(learner, 40);
        var other = new LimitLearner(Limit, mayRaise: false, seed: 2);
        other.Recall(learner.Learned!, 5);
        Assert.Equal((new RateLimit(40, 60), 5), (other.Effective, other.ConfirmedAt));
        other.Answered(new HubReport(60, 40, null), Own(60), 7 * Second);
        Assert.False(other.Expire((7 * Second) + LimitLearner.RememberedFor - 1));
        Assert.True(other.Expire((7 * Second) + LimitLearner.RememberedFor));
        Assert.Equal((Limit, null), (other.Effective, other.Learned));
        other.Recall(learner.Learned! with { Configured = new RateLimit(70, 60) }, 5);   // another limit is set now
        Assert.Equal(Limit, other.Effective);
        other.Recall(learner.Learned! with { Effective = 500, Header = 500 }, 5);
        Assert.Equal(Limit, other.Effective);   // never above what was chosen
    }

    [Fact]
    public void The_limit_never_falls_below_one()
    {
        var learner = new LimitLearner(new RateLimit(3, 60), mayRaise: false, seed: 1);
        var counts = Enumerable.Range(1, 5).Select(i => learner.Refused(WithoutWait, default, Own(0, sentAt: i * Second), i * Second).Limit?.Count).ToArray();
        Assert.Equal([2, 1, null, null, null], counts);
    }

    [Theory]
    [InlineData(HubRefusalKind.NoQuota, PacingCause.NoQuota)]
    [InlineData(HubRefusalKind.Terminal, PacingCause.TerminalRefusal)]
    public void What_waiting_does_not_cure_opens_a_circuit_for_longer_and_longer(HubRefusalKind kind, PacingCause cause)
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        var open = Enumerable.Range(0, 6).Select(_ => learner.Refused(new(kind, null), default, Own(0), 5).CircuitUntil - 5).ToArray();
        Assert.Equal([60, 120, 240, 480, 900, 900], open.Select(ticks => ticks / Second));
        var last = learner.Refused(new(kind, null), default, Own(0), 5);
        Assert.Equal((PacingEventKind.CircuitOpened, cause, 900_000L, 0L), (last.Event!.Kind, last.Event.Cause, last.Event.After, last.PauseUntil));
        learner.Answered(default, Own(0), 6);
        Assert.Equal(60 * Second, learner.Refused(new(kind, null), default, Own(0), 0).CircuitUntil);
    }

    [Fact]
    public void An_overloaded_hub_is_left_alone_for_longer_and_longer_and_the_limit_stays()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 7);
        var seconds = Enumerable.Range(0, 7).Select(_ => learner.Refused(new(HubRefusalKind.Overloaded, null), default, Own(0), 0)).ToArray();
        Assert.All(seconds.Zip([1, 2, 4, 8, 16, 30, 30]), pair => Assert.InRange(pair.First.PauseUntil / 1e9, pair.Second, pair.Second * 1.1));
        Assert.All(seconds, lesson => Assert.Equal((PacingCause.Overloaded, null), (lesson.Event!.Cause, lesson.Limit)));
        learner.Answered(default, Own(0), 0);
        Assert.InRange(learner.Refused(new(HubRefusalKind.Overloaded, null), default, Own(0), 0).PauseUntil / 1e9, 1, 1.1);
        Assert.InRange(learner.Refused(new(HubRefusalKind.Overloaded, 5 * Second), default, Own(0), 0).PauseUntil / 1e9, 5, 5.5);
    }

    [Fact]
    public void Frozen_it_pauses_and_changes_nothing_else()
    {
        var learner = new LimitLearner(Limit, mayRaise: true, seed: 1);
        Says(learner, 40);
        Says(learner, 40);
        learner.Configure(Limit, mayRaise: true, isFrozen: true);
        Assert.Equal(Limit, learner.Effective);
        Says(learner, 30);
        Assert.Null(Says(learner, 30).Limit);
        var lesson = learner.Refused(WithoutWait, default, Own(0, canShrink: true), 0);
        Assert.True(lesson is { Limit: null, ShrinkBursts: false, PauseUntil: > 0 });
        lesson = learner.Refused(new(HubRefusalKind.RateLimited, 7 * Second), default, Own(0, canShrink: true), 0);
        Assert.InRange(lesson.PauseUntil / 1e9, 7, 7.7);
        Assert.Equal(PacingCause.RefusedWithWait, lesson.Event!.Cause);
        learner.Configure(Limit, mayRaise: true, isFrozen: false);
        Assert.Equal(40, learner.Effective.Count);
    }

    [Fact]
    public void A_new_setting_forgets_what_was_learned_about_the_old_one()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        Says(learner, 40);
        Says(learner, 40);
        learner.Configure(new RateLimit(100, 10), mayRaise: false, isFrozen: false);
        Assert.Equal(new RateLimit(100, 10), learner.Effective);
        learner.Configure(new RateLimit(100, 10), mayRaise: false, isFrozen: false);
        Assert.Equal((new RateLimit(100, 10), false, false), (learner.Configured, learner.MayRaise, learner.IsFrozen));
    }

    [Fact]
    public void A_header_that_confirms_what_a_refusal_taught_changes_nothing()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        learner.Refused(WithoutWait, default, Own(0), 0);
        Says(learner, 50);
        Assert.Null(Says(learner, 50).Limit);
        Assert.Equal(48, learner.Effective.Count);
        Assert.Equal(49, learner.Answered(default, Own(0), 100 * Second).Limit?.Count);
    }

    [Fact]
    public void A_refusal_may_bring_the_lower_limit_itself()
    {
        var learner = new LimitLearner(Limit, mayRaise: false, seed: 1);
        var report = new HubReport(60, 20, 0);
        learner.Refused(new(HubRefusalKind.RateLimited, 40 * Second), report, Own(0), 0);
        var lesson = learner.Refused(new(HubRefusalKind.RateLimited, 40 * Second), report, Own(0), 0);
        Assert.Equal((20, PacingEventKind.LimitLowered), (lesson.Limit?.Count, lesson.Event!.Kind));
        Assert.InRange(lesson.PauseUntil / 1e9, 40, 44);
    }

    private static Lesson Says(LimitLearner learner, long limit) => learner.Answered(new HubReport(60, limit, null), Own(0), 0);

    private static OwnView Own(int remaining, int inFlight = 0, long sentAt = 0, bool canShrink = false) => new(60, remaining, inFlight, sentAt, canShrink);
}
