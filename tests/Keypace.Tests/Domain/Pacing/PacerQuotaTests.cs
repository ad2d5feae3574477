using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class PacerQuotaTests : QuotaPacing
{
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
        Now = 20 * Second;
        ticket = Send(pacer, 60);
        Assert.False(pacer.IsIdle(40 * Second));   // it runs still
        pacer.Ended(ticket);
        Assert.True(pacer.IsIdle(40 * Second));
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
        Assert.Equal(new Binding(BindingKind.Quota, pacer.Quotas[0], 10 * Second), pacer.BindingAt(Now));
        RunUntil(pacer, () => large.State == TicketState.Sent);
        Assert.InRange(Now, 10 * Second, 10 * Second + (Second / 25));
        Assert.Equal(12, small.Count(ticket => ticket.State == TicketState.Sent));   // ten tokens were left for four of them
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
            Assert.Equal(TicketState.Waiting, Wait(pacer, 0, "a").State);

        Assert.Equal(0, pacer.Expect(Needs(0, 0, "b"), Now).ExpectedStart);
        Assert.Equal(TicketState.Sent, Wait(pacer, 0, "b").State);
        Now = Second / 10;
        Advance(pacer);
        Assert.InRange(pacer.NextEvent(Now), 59 * Second, 60 * Second + (Second / 8));   // a second before, one is told to open its connection
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
        Assert.Equal((Second, TicketState.Waiting), (Now, second.State));
        var fourth = new PlainTicket();
        pacer.Enqueue(fourth, Needs(60, 0), Now);
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
            Assert.Equal(TicketState.Sent, Wait(pacer, 0, model: "b").State);

        Assert.Equal((TicketState.Waiting, 0), (blocked.State, blocked.Passed));
        Assert.Equal(TicketState.Sent, Wait(pacer, 0, model: null).State);
        RunUntil(pacer, () => blocked.State == TicketState.Sent);
        Assert.InRange(Now, 60 * Second, 60 * Second + (Second / 8));
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
        pacer.Settle(first, 20, 30, Now);
        Advance(pacer);
        Assert.Equal(TicketState.Sent, second.State);
        Assert.Equal((90, 30), (pacer.QuotasAt(Now)[0].Used, pacer.QuotasAt(Now)[1].Used));
        Now = 5 * Second;
        pacer.Settle(second, 400, 0, Now);   // 360 more than it had reserved
        Assert.Equal(450, pacer.QuotasAt(Now)[0].Used);
        var third = Wait(pacer, 1);
        RunUntil(pacer, () => third.State == TicketState.Sent);
        Assert.InRange(Now, 15 * Second, 15 * Second + (Second / 25));
        pacer.Settle(third, -7, -7, Now);   // nonsense is nothing
        Assert.Equal(0, pacer.QuotasAt(Now)[0].Used);
    }

    [Fact]
    public void A_large_one_waiting_when_the_limit_is_lowered_goes_when_the_limit_is_whole()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 100, 10));
        Send(pacer, 90);
        var large = Wait(pacer, 80);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 50, 10)], default, Now);
        Assert.Equal(90, pacer.QuotasAt(Now)[0].Used);   // what was counted stays
        RunUntil(pacer, () => large.State == TicketState.Sent);
        Assert.InRange(Now, 10 * Second, 11 * Second);
        pacer.ChangeQuotas([], default, Now);
        Assert.Empty(pacer.Quotas);
        Assert.Equal(TicketState.Sent, Wait(pacer, 1_000_000).State);
    }

    [Fact]
    public void A_new_limit_of_requests_begins_with_the_sends_that_are_known()
    {
        var pacer = Of();
        Send(pacer, 0);
        Send(pacer, 0);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 3, 86_400), new Quota(QuotaDimension.Requests, 3, 86_400, Model: "a")], default, Now);
        Assert.Equal([2, 0], pacer.QuotasAt(Now).Select(use => use.Used));
        Send(pacer, 0);
        var binding = pacer.BindingAt(Now);
        Assert.Equal((BindingKind.Quota, pacer.Quotas[0]), (binding.Kind, binding.Quota));
        Assert.Equal(TicketState.Waiting, Wait(pacer, 0).State);
    }
}
