using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class PacerTests : PlainPacing
{
    [Theory]
    [InlineData(60, 10, 50)]
    [InlineData(60, 60, 50)]
    [InlineData(1, 1, 50)]
    [InlineData(600, 60, 0)]
    public void Saturated_it_uses_all_but_what_the_guard_takes(int count, int seconds, int guardMs)
    {
        var pacer = new Pacer(new RateLimit(count, seconds), guardMs * Millisecond, new QueueBounds(1_000_000, 1_000_000));
        var (now, sends, windows) = (0L, 0, 50);
        for (var i = 0; i < count * windows; i++)
        {
            var ticket = new PlainTicket();
            sends += pacer.Enqueue(ticket, new Arrival("t", ""), now) == EntryEnd.Granted ? 1 : 0;
            if (ticket.State == TicketState.Granted)
                pacer.Sent(ticket, now);
        }

        while (pacer.Waiting > 0)
        {
            now = pacer.NextEvent(now);
            sends += Step(pacer, now);
        }

        var used = (double)(sends - count) / count / (now / (double)(seconds * Second));   // the first burst is at 0: one window less
        Assert.True(used >= (seconds / (seconds + (guardMs / 1000.0))) - 0.0005, $"Used {used:P3}.");
    }

    [Fact]
    public void Position_and_expected_start_are_exact_for_everybody_when_nobody_cancels()
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            var chance = new Random(seed);
            var limit = new RateLimit(1 + chance.Next(12), 1 + chance.Next(10));
            var pacer = new Pacer(limit, chance.NextInt64(Second), QueueBounds.Default);
            var now = 1000 * Second;
            pacer.AssumeSent(chance.Next(limit.Count + 1), now - chance.NextInt64(limit.Seconds * Second));
            pacer.PauseUntil(chance.Next(3) == 0 ? now + chance.NextInt64(5 * Second) : 0, "a pause");

            // The line is made first and asked about after: later arrivals of others may rightly pass those who came before.
            for (var i = 0; i < 60; i++)
            {
                var waiting = new PlainTicket();
                if (pacer.Enqueue(waiting, Anybody(chance), now) == EntryEnd.Granted)
                    pacer.Sent(waiting, now);
            }

            var last = new PlainTicket();
            if (pacer.Enqueue(last, Anybody(chance), now) == EntryEnd.Granted)
                continue;

            var before = 0;
            for (; last.State == TicketState.Waiting; now = Math.Max(now, pacer.NextEvent(now)))
            {
                Changed.Clear();
                pacer.Advance(now, Changed);
                var granted = Changed.Where(ticket => ticket.State == TicketState.Granted).ToList();
                granted.ForEach(ticket => pacer.Sent(ticket, now));
                var own = granted.IndexOf(last);
                before += own < 0 ? granted.Count : own;
                if (own >= 0)
                {
                    Assert.True(last.ExpectedStart == now, $"Start, seed {seed}: told {last.ExpectedStart}, came {now}.");
                    Assert.True(last.Position == before, $"Position, seed {seed}: told {last.Position}, was {before}.");
                    break;
                }
            }
        }
    }

    [Fact]
    public void Ten_thousand_cancels_leave_nothing_behind()
    {
        var pacer = new Pacer(new RateLimit(10, 10), 0, QueueBounds.Default);
        var tickets = Enumerable.Range(0, 10_010).Select(_ => new PlainTicket()).ToList();
        foreach (var ticket in tickets)
            pacer.Enqueue(ticket, new Arrival("t", "c", Latest: 100_000 * Second, Deadline: 100_000 * Second), 0);

        Assert.Equal(10_000, pacer.Waiting);
        tickets.ForEach(ticket => Assert.True(pacer.GiveBack(ticket)));
        tickets.ForEach(ticket => Assert.False(pacer.GiveBack(ticket)));
        Assert.Equal((0, 0, 10), (pacer.Waiting, pacer.Outstanding, pacer.Remaining(0)));
        Assert.Equal(long.MaxValue, pacer.NextEvent(0));
        Assert.True(pacer.IsIdle(0));
    }

    [Fact]
    public void A_pause_closes_the_gate_and_is_never_shortened_but_by_resuming()
    {
        var pacer = new Pacer(new RateLimit(5, 10), 0, QueueBounds.Default);
        pacer.PauseUntil(20 * Second, "the hub said so");
        pacer.PauseUntil(10 * Second, "something else");
        Assert.Equal((20 * Second, "the hub said so"), (pacer.PausedUntil, pacer.PausedWhy));
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(ticket, new Arrival("t", ""), 0));
        Assert.Equal(20 * Second, ticket.ExpectedStart);
        Assert.Equal(0, pacer.Remaining(0));
        pacer.Advance((20 * Second) - 1, Changed);
        Assert.False(ticket.State == TicketState.Granted);
        pacer.Resume();
        pacer.Advance((20 * Second) - 1, Changed);
        Assert.Equal(TicketState.Granted, ticket.State);
    }

    [Fact]
    public void A_changed_limit_rules_at_once_for_those_in_line()
    {
        var pacer = Full(new RateLimit(2, 10));
        var tickets = Enumerable.Range(0, 5).Select(_ => Wait(pacer)).ToArray();
        pacer.ChangeLimit(new RateLimit(4, 10), 0, Second);
        Assert.Equal(Second, pacer.NextEvent(Second));
        Assert.Equal(2, Step(pacer, Second));
        pacer.ChangeLimit(new RateLimit(1, 10), 0, 2 * Second);
        Assert.Equal(0, Step(pacer, 10 * Second));     // two at 1 s still count
        Assert.Equal(1, Step(pacer, 11 * Second));
        Assert.Equal(0, Step(pacer, (21 * Second) - 1));
        Assert.Equal(1, Step(pacer, 21 * Second));
        Assert.Equal(TicketState.Waiting, tickets[4].State);
    }

    [Fact]
    public void A_returned_permit_is_free_at_once()
    {
        var pacer = new Pacer(new RateLimit(1, 10), 0, QueueBounds.Default);
        var (first, second) = (new PlainTicket(), new PlainTicket());
        pacer.Enqueue(first, new Arrival("t", ""), 0);
        pacer.Enqueue(second, new Arrival("t", ""), 0);
        pacer.GiveBack(first);
        pacer.Advance(1, Changed);
        Assert.Equal(TicketState.Granted, second.State);
        Assert.Throws<InvalidOperationException>(() => pacer.Sent(first, 1));
    }

    [Fact]
    public void Nothing_is_granted_at_or_past_the_tick_or_beyond_the_number_that_the_host_allows()
    {
        var pacer = new Pacer(new RateLimit(9, 10), 0, QueueBounds.Default) { GrantUntil = 5, Allowance = 1 };
        var tickets = Enumerable.Range(0, 3).Select(_ => new PlainTicket()).ToArray();
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(tickets[0], new Arrival("t", ""), 4));
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(tickets[1], new Arrival("t", ""), 4));
        Assert.True(pacer.IsHeldBack(4));
        pacer.Allowance = long.MaxValue;
        Assert.False(pacer.IsHeldBack(4));
        Assert.True(pacer.IsHeldBack(5));
        pacer.Advance(5, Changed);
        Assert.Equal(TicketState.Waiting, tickets[1].State);
        pacer.GrantUntil = 6;
        pacer.Advance(5, Changed);
        Assert.Equal(TicketState.Granted, tickets[1].State);
    }

    [Fact]
    public void Tickets_are_told_once_when_their_permit_is_less_than_a_second_away()
    {
        var pacer = Full(new RateLimit(2, 10));
        var tickets = Enumerable.Range(0, 3).Select(_ => Wait(pacer)).ToArray();
        Assert.Equal(9 * Second, pacer.NextEvent(0));
        pacer.Advance(9 * Second, Changed);
        Assert.Equal([tickets[0], tickets[1]], Changed);
        Assert.True(tickets[0].IsNear && tickets[1].IsNear && !tickets[2].IsNear);
        Changed.Clear();
        pacer.Advance((9 * Second) + (200 * Millisecond), Changed);
        Assert.Empty(Changed);
        Assert.Equal(10 * Second, pacer.NextEvent((9 * Second) + (200 * Millisecond)));
        var soon = new PlainTicket();
        pacer.Enqueue(soon, new Arrival("other", "", Front: true), (9 * Second) + 1);
        Assert.True(soon.IsNear);
    }

    [Fact]
    public void One_caller_with_a_hundred_times_as_much_gets_no_more_than_its_share()
    {
        var pacer = new Pacer(new RateLimit(60, 10), 0, new QueueBounds(100_000, 100_000));
        var shares = new Dictionary<string, int>();
        pacer.PauseUntil(1, "until all have come");
        foreach (var (token, count) in new[] { ("a", 10_000), ("b", 100), ("c", 100), ("d", 100) })
        {
            for (var i = 0; i < count; i++)
                Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(new PlainTicket(), new Arrival(token, ""), 0));
        }

        pacer.Resume();
        for (var now = 0L; shares.Values.Sum() < 300; now += 10 * Second)
        {
            Changed.Clear();
            pacer.Advance(now, Changed);
            foreach (var ticket in Changed.Where(ticket => ticket.State == TicketState.Granted))
            {
                pacer.Sent(ticket, now);
                shares[ticket.TokenId] = shares.GetValueOrDefault(ticket.TokenId) + 1;
            }
        }

        var (sum, squares) = (shares.Values.Sum(), shares.Values.Sum(share => (double)share * share));
        Assert.True(sum * sum / (shares.Count * squares) >= 0.99, string.Join(' ', shares));
    }
}
