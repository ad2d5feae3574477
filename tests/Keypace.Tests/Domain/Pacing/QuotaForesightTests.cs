using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What is told of limits beside the rate limit: when a query would start, and what it waits for.</summary>
public sealed class QuotaForesightTests : QuotaPacing
{
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
    public void Where_concurrency_is_full_one_that_will_not_wait_is_refused_at_once_and_told_no_time()
    {
        var pacer = Of(new Quota(QuotaDimension.Concurrent, 1));
        Send(pacer, 1);
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.TooLate, pacer.Enqueue(ticket, Needs(1, 0) with { Latest = 0, Deadline = 0 }, 0));
        Assert.Equal(long.MaxValue, ticket.ExpectedStart);
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

        Assert.InRange(Now, 10 * Second, 11 * Second);   // not a minute: the large one has its tokens and waits for its model's turn
        Assert.Equal(TicketState.Waiting, large.State);
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
            Now = 1000 * Second;
            for (var i = chance.Next(60); i > 0; i--)
            {
                Wait(pacer, amount);
                Now += chance.NextInt64(Second / 4);
                Advance(pacer);
            }

            var last = new PlainTicket();
            if (pacer.Enqueue(last, Needs(amount, 0), Now) == EntryEnd.Granted)
                continue;

            RunUntil(pacer, () => last.State == TicketState.Sent);
            Assert.True(last.ExpectedStart == Now, $"Seed {seed}: told {last.ExpectedStart}, came {Now}.");
        }
    }

    [Fact]
    public void Far_back_in_line_the_expected_start_is_near_what_comes()
    {
        var pacer = Of(new Quota(QuotaDimension.Tokens, 1000, 10));
        var tickets = Enumerable.Range(0, 1000).Select(_ => Wait(pacer, 100)).ToArray();
        RunUntil(pacer, () => tickets[^1].State == TicketState.Sent);
        Assert.InRange(tickets[^1].ExpectedStart, Now - (20 * Second), Now + (20 * Second));   // of 990 s
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
}
