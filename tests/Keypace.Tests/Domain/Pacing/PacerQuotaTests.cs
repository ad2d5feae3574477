using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class PacerQuotaTests
{
    private const long Second = SendWindow.Second;
    private static readonly RateLimit Plenty = new(1000, 1);
    private readonly List<Ticket> _changed = [];
    private long _now;

    /// <summary>A trace that ran over while a limit that was set again began with nothing used.</summary>
    private const int ForgetsWhatWasUsed = 3;

    [Fact]
    public void No_limit_is_ever_over_whatever_comes()
    {
        var (sends, blocked) = (0, 0);
        var (first, traces) = (Traces.FirstSeed(), Traces.Count(500, 20_000));
        for (var seed = first; seed < first + traces; seed++)
        {
            var trace = new QuotaTrace(seed);
            trace.Run(60);
            (sends, blocked) = (sends + trace.Sends, Math.Max(blocked, trace.LongestBlocked));
        }

        Assert.True(sends > traces * 10, $"Only {sends} sends: the traces prove little.");
        Assert.Equal(Pacer.MostPasses, blocked);
    }

    [Fact]
    public void No_limit_is_ever_over_while_limits_come_and_go()
    {
        var (sends, changes) = (0, 0);
        var (first, traces) = (Traces.FirstSeed(), Traces.Count(500, 20_000));
        foreach (var seed in Enumerable.Range(first, traces).Append(ForgetsWhatWasUsed))
        {
            var trace = new QuotaTrace(seed, changes: true);
            trace.Run(60);
            (sends, changes) = (sends + trace.Sends, changes + trace.Changes);
        }

        Assert.True(sends > traces * 10 && changes > traces * 3, $"Only {sends} sends and {changes} changes: the traces prove little.");
    }

    [Fact]
    public void It_is_not_idle_while_a_quota_counts_something()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10), new Quota(QuotaDimension.Concurrent, 5));
        var ticket = Send(pacer, 60);
        pacer.Ended(ticket);
        Assert.Equal((false, true), (pacer.IsIdle(9 * Second), pacer.IsIdle(20 * Second)));
        _now = 20 * Second;
        ticket = Send(pacer, 60);
        Assert.False(pacer.IsIdle(40 * Second));   // it runs still
        pacer.Ended(ticket);
        Assert.True(pacer.IsIdle(40 * Second));
    }

    [Fact]
    public void What_is_granted_and_not_yet_sent_is_foreseen_as_sent_now()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10), new Quota(QuotaDimension.Concurrent, 5));
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(new PlainTicket(), Needs(60, 0), 0));
        Assert.Equal((0, 0L), pacer.Expect(Needs(40, 0), 0));
        Assert.InRange(pacer.Expect(Needs(41, 0), 0).ExpectedStart, 10 * Second, (10 * Second) + (Second / 25));
        Assert.Equal((60, 0L), (pacer.QuotasAt(0)[0].Used, pacer.QuotasAt(0)[0].FreeAt));
    }

    [Fact]
    public void An_estimate_beyond_the_whole_limit_is_refused_at_once_with_the_limit()
    {
        var quota = new Quota(QuotaDimension.Tokens, 1000, 60);
        var pacer = Of(quota, new Quota(QuotaDimension.InputTokens, 2000, 60));
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.TooLarge, pacer.Enqueue(ticket, Needs(500, 501), 0));
        Assert.Equal((quota, TicketState.New, 0), (ticket.BoundBy, ticket.State, pacer.Waiting));
        Assert.Equal(long.MaxValue, pacer.Expect(Needs(500, 501), 0).ExpectedStart);
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(new PlainTicket(), Needs(500, 500), 0));
    }

    [Fact]
    public void A_small_query_passes_a_large_one_eight_times_and_then_the_tokens_are_kept_for_it()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10));
        Send(pacer, 60);
        var large = Wait(pacer, 90, token: "large");
        Assert.NotNull(large.BoundBy);
        var small = Enumerable.Range(0, 12).Select(_ => Wait(pacer, 2, token: "small")).ToArray();
        Assert.Equal(8, small.Count(ticket => ticket.State == TicketState.Sent));
        Assert.Equal(new Binding(BindingKind.Quota, pacer.Quotas[0], 10 * Second), pacer.BindingAt(_now));
        RunUntil(pacer, () => large.State == TicketState.Sent);
        Assert.InRange(_now, 10 * Second, 10 * Second + (Second / 25));
        Assert.Equal(12, small.Count(ticket => ticket.State == TicketState.Sent));   // ten tokens were left for four of them
    }

    [Fact]
    public void What_was_kept_for_one_that_another_limit_blocks_now_is_told_to_be_free_in_time()
    {
        var pacer = Of(new Quota(QuotaDimension.Requests, 1, 60, Model: "a"), new Quota(QuotaDimension.Tokens, 100, 10));
        Send(pacer, 60, "a");
        var large = Wait(pacer, 90, "a");
        var others = Enumerable.Range(0, 9).Select(_ => Wait(pacer, 2, "b", "small")).ToArray();
        Assert.Equal((Pacer.MostPasses, TicketState.Waiting), (large.Passed, others[^1].State));   // tokens are kept for the large one

        RunUntil(pacer, () => others[^1].State == TicketState.Sent);

        Assert.InRange(_now, 10 * Second, 11 * Second);   // not a minute: the large one has its tokens and waits for its model's turn
        Assert.Equal(TicketState.Waiting, large.State);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(128)]
    [InlineData(5000)]
    public void However_many_wait_for_another_limit_whoever_may_go_goes(int blocked)
    {
        var pacer = Of(new Quota(QuotaDimension.Requests, 1, 60, Model: "a"));
        Send(pacer, 0, "a");
        for (var i = 0; i < blocked; i++)
        {
            Assert.Equal(TicketState.Waiting, Wait(pacer, 0, "a").State);
        }

        Assert.Equal(0, pacer.Expect(Needs(0, 0, "b"), _now).ExpectedStart);
        Assert.Equal(TicketState.Sent, Wait(pacer, 0, "b").State);
        _now = Second / 10;
        Advance(pacer);
        Assert.InRange(pacer.NextEvent(_now), 59 * Second, 60 * Second + (Second / 8));   // a second before, one is told to open its connection
    }

    [Fact]
    public void A_new_quota_holds_for_those_in_line_and_is_said_to_bind_only_where_it_does()
    {
        var pacer = Of();
        pacer.AssumeSent(Plenty.Count, 0);
        var (first, second) = (Wait(pacer, 60), Wait(pacer, 60));
        pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 100, 10)], default, 0);
        var third = new PlainTicket();
        pacer.Enqueue(third, Needs(60, 0), 0);
        Assert.Null(third.BoundBy);   // the rate limit does
        RunUntil(pacer, () => first.State == TicketState.Sent);
        Assert.Equal((Second, TicketState.Waiting), (_now, second.State));
        var fourth = new PlainTicket();
        pacer.Enqueue(fourth, Needs(60, 0), _now);
        Assert.Equal(pacer.Quotas[0], fourth.BoundBy);
    }

    [Fact]
    public void Negative_needs_are_a_bug()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => pacer.Enqueue(new PlainTicket(), Needs(-1, 0), 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => pacer.Enqueue(new PlainTicket(), Needs(0, -1), 0));
    }

    [Fact]
    public void A_query_of_another_model_is_not_held_up_and_does_not_count_as_passing()
    {
        var pacer = Of(new Quota(QuotaDimension.Requests, 1, 60, Model: "a"));
        Send(pacer, 0, "a");
        var blocked = Wait(pacer, 0, model: "a");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(TicketState.Sent, Wait(pacer, 0, model: "b").State);
        }

        Assert.Equal((TicketState.Waiting, 0), (blocked.State, blocked.Passed));
        Assert.Equal(TicketState.Sent, Wait(pacer, 0, model: null).State);
        RunUntil(pacer, () => blocked.State == TicketState.Sent);
        Assert.InRange(_now, 60 * Second, 60 * Second + (Second / 8));
    }

    [Fact]
    public void Concurrent_queries_count_from_the_grant_to_the_end()
    {
        var pacer = Of(new Quota(QuotaDimension.Concurrent, 2));
        var (first, second, third) = (Wait(pacer, 0), Grant(pacer), Wait(pacer, 0));
        Assert.Equal((TicketState.Sent, TicketState.Granted, TicketState.Waiting), (first.State, second.State, third.State));
        Assert.Equal(long.MaxValue, pacer.NextEvent(0));
        Assert.Equal(2, pacer.QuotasAt(0)[0].Used);
        pacer.GiveBack(second);
        Advance(pacer);
        Assert.Equal(TicketState.Sent, third.State);
        var fourth = Wait(pacer, 0);
        pacer.Ended(first);
        pacer.Ended(first);
        Advance(pacer);
        Assert.Equal(TicketState.Sent, fourth.State);
        Assert.Equal(TicketState.Waiting, Wait(pacer, 0).State);
    }

    [Fact]
    public void Less_than_estimated_is_free_at_once_and_more_is_paid_for_before_anything_else_goes()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10), new Quota(QuotaDimension.OutputTokens, 1000, 10));
        var first = Send(pacer, 100);
        var second = Wait(pacer, 40);
        Assert.Equal(TicketState.Waiting, second.State);
        pacer.Settle(first, 20, 30, _now);
        Advance(pacer);
        Assert.Equal(TicketState.Sent, second.State);
        Assert.Equal((90, 30), (pacer.QuotasAt(_now)[0].Used, pacer.QuotasAt(_now)[1].Used));
        _now = 5 * Second;
        pacer.Settle(second, 400, 0, _now);   // 360 more than it had reserved
        Assert.Equal(450, pacer.QuotasAt(_now)[0].Used);
        var third = Wait(pacer, 1);
        RunUntil(pacer, () => third.State == TicketState.Sent);
        Assert.InRange(_now, 15 * Second, 15 * Second + (Second / 25));
        pacer.Settle(third, -7, -7, _now);   // nonsense is nothing
        Assert.Equal(0, pacer.QuotasAt(_now)[0].Used);
    }

    [Fact]
    public void The_expected_start_is_exact_when_nobody_passes_cancels_or_uses_other_than_estimated()
    {
        for (var seed = 1; seed <= 200; seed++)
        {
            var chance = new Random(seed);
            var limit = new RateLimit(1 + chance.Next(20), 1 + chance.Next(10));
            var pacer = new Pacer(limit, chance.NextInt64(Second), QueueBounds.Default);
            var tokens = 30 + chance.Next(100);
            pacer.ChangeQuotas(
                [new Quota(QuotaDimension.Tokens, tokens, 1 + chance.Next(20)), new Quota(QuotaDimension.Requests, 1 + chance.Next(40), 30)], default, 0);
            var amount = 1 + chance.Next(tokens);   // all alike: then nobody has reason to pass
            _now = 1000 * Second;
            for (var i = chance.Next(60); i > 0; i--)
            {
                Wait(pacer, amount);
                _now += chance.NextInt64(Second / 4);
                Advance(pacer);
            }

            var last = new PlainTicket();
            if (pacer.Enqueue(last, Needs(amount, 0), _now) == EntryEnd.Granted)
            {
                continue;
            }

            RunUntil(pacer, () => last.State == TicketState.Sent);
            Assert.True(last.ExpectedStart == _now, $"Seed {seed}: told {last.ExpectedStart}, came {_now}.");
        }
    }

    [Fact]
    public void Far_back_in_line_the_expected_start_is_near_what_comes()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 1000, 10));
        var tickets = Enumerable.Range(0, 1000).Select(_ => Wait(pacer, 100)).ToArray();
        RunUntil(pacer, () => tickets[^1].State == TicketState.Sent);
        Assert.InRange(tickets[^1].ExpectedStart, _now - (20 * Second), _now + (20 * Second));   // of 990 s
    }

    [Fact]
    public void A_large_one_waiting_when_the_limit_is_lowered_goes_when_the_limit_is_whole()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10));
        Send(pacer, 90);
        var large = Wait(pacer, 80);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 50, 10)], default, _now);
        Assert.Equal(90, pacer.QuotasAt(_now)[0].Used);   // what was counted stays
        RunUntil(pacer, () => large.State == TicketState.Sent);
        Assert.InRange(_now, 10 * Second, 11 * Second);
        pacer.ChangeQuotas([], default, _now);
        Assert.Empty(pacer.Quotas);
        Assert.Equal(TicketState.Sent, Wait(pacer, 1_000_000).State);
    }

    [Fact]
    public void A_new_limit_of_requests_begins_with_the_sends_that_are_known()
    {
        var pacer = Of();
        Send(pacer, 0);
        Send(pacer, 0);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 3, 86_400), new Quota(QuotaDimension.Requests, 3, 86_400, Model: "a")], default, _now);
        Assert.Equal([2, 0], pacer.QuotasAt(_now).Select(use => use.Used));
        Send(pacer, 0);
        var binding = pacer.BindingAt(_now);
        Assert.Equal((BindingKind.Quota, pacer.Quotas[0]), (binding.Kind, binding.Quota));
        Assert.Equal(TicketState.Waiting, Wait(pacer, 0).State);
    }

    [Theory]
    [InlineData(QuotaDimension.Tokens, 0, 60, null, "A limit is")]
    [InlineData(QuotaDimension.Tokens, Quota.MostLimit + 1, 60, null, "A limit is")]
    [InlineData(QuotaDimension.Tokens, 1, 0, null, "An interval is")]
    [InlineData(QuotaDimension.Tokens, 1, 86_401, null, "An interval is")]
    [InlineData(QuotaDimension.Tokens, 1, 60, "", "A model's name")]
    [InlineData(QuotaDimension.Concurrent, 1, 60, null, "A limit of concurrent")]
    [InlineData((QuotaDimension)9, 1, 60, null, "There is no such")]
    public void Faulty_quotas_are_told_and_a_bug_to_set(QuotaDimension dimension, long limit, int seconds, string? model, string fault)
    {
        var quota = new Quota(dimension, limit, seconds, Model: model);
        Assert.StartsWith(fault, quota.Fault(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Of(quota));
    }

    [Fact]
    public void Quotas_within_bounds_have_no_fault()
    {
        Assert.Null(new Quota(QuotaDimension.Requests, 1, Zone: TimeZoneInfo.Utc).Fault());
        Assert.Null(new Quota(QuotaDimension.Tokens, Quota.MostLimit, 86_400, Model: "m").Fault());
        Assert.Null(new Quota(QuotaDimension.Concurrent, 1).Fault());
        Assert.NotNull(new Quota(QuotaDimension.Requests, 1, 60, TimeZoneInfo.Utc).Fault());
        Assert.NotNull(new Quota(QuotaDimension.Concurrent, 1, 0, TimeZoneInfo.Utc).Fault());
    }

    [Fact]
    public void What_binds_is_told_in_the_order_in_which_it_is_in_the_way()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10));
        Assert.Equal(default, pacer.BindingAt(0));
        pacer.PauseUntil(7, "a pause");
        Assert.Equal(new Binding(BindingKind.Pause, null, 7), pacer.BindingAt(0));
        pacer.AssumeSent(1000, 0);
        Assert.Equal(new Binding(BindingKind.RateLimit, null, Second), pacer.BindingAt(7));
        pacer.ChangeLimit(new RateLimit(2000, 1), 0, 7);
        pacer.ChangeShape(PacingMode.Smooth, false, 7);
        Assert.Equal(default, pacer.BindingAt(7));   // a second is the whole interval
        pacer.ChangeLimit(new RateLimit(2000, 2), 0, 7);
        Assert.Equal(new Binding(BindingKind.Slice, null, Second), pacer.BindingAt(7));
        pacer.GrantUntil = 8;
        Wait(pacer, 1);
        Assert.Equal(BindingKind.Slice, pacer.BindingAt(8).Kind);
        Assert.Equal(BindingKind.Journal, pacer.BindingAt(Second).Kind);
    }

    private Pacer Of(params Quota[] quotas)
    {
        var pacer = new Pacer(Plenty, 0, QueueBounds.Default);
        pacer.ChangeQuotas(quotas, DateTimeOffset.UnixEpoch, 0);
        return pacer;
    }

    private static Arrival Needs(long input, long output, string? model = null, string token = "t") =>
        new(token, "", Need: new QueryNeed(model, input, output));

    private PlainTicket Grant(Pacer pacer)
    {
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(ticket, Needs(0, 0), _now));
        return ticket;
    }

    private PlainTicket Send(Pacer pacer, long tokens, string? model = null)
    {
        var ticket = Wait(pacer, tokens, model);
        Assert.Equal(TicketState.Sent, ticket.State);
        return ticket;
    }

    /// <summary>Enters; sent at once when it is granted.</summary>
    private PlainTicket Wait(Pacer pacer, long tokens, string? model = null, string token = "t")
    {
        var ticket = new PlainTicket();
        if (pacer.Enqueue(ticket, Needs(tokens, 0, model, token), _now) == EntryEnd.Granted)
        {
            pacer.Sent(ticket, _now);
        }

        Advance(pacer);
        return ticket;
    }

    private void Advance(Pacer pacer)
    {
        _changed.Clear();
        pacer.Advance(_now, _changed);
        foreach (var ticket in _changed.Where(ticket => ticket.State == TicketState.Granted))
        {
            pacer.Sent(ticket, _now);
        }
    }

    private void RunUntil(Pacer pacer, Func<bool> done)
    {
        for (var i = 0; !done(); i++)
        {
            Assert.True(i < 100_000, "It never comes.");
            _now = Math.Max(_now, pacer.NextEvent(_now));
            Assert.True(_now < long.MaxValue, "Nothing is expected any more.");
            Advance(pacer);
        }
    }
}
