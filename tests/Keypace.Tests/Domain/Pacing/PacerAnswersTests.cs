using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What a pacer says: of the place and start of an arrival, of what it was given, and of being idle.</summary>
public sealed class PacerAnswersTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void What_is_foretold_is_what_is_said_on_arrival()
    {
        var changed = new List<Ticket>();
        for (var seed = 1; seed <= Traces.Count(300, 10_000); seed++)
        {
            var chance = new Random(seed);
            var pacer = new Pacer(new RateLimit(1 + chance.Next(5), 1 + chance.Next(10)), 0, QueueBounds.Default);
            var now = 1000 * Second;
            for (var i = 0; i < 40; i++)
            {
                var token = chance.Next(4);
                var arrival = new Arrival($"t{token}", $"c{chance.Next(3)}", 1 + token, (QueryClass)chance.Next(3), Front: chance.Next(10) == 0);
                var foretold = pacer.Expect(arrival, now);
                var used = pacer.Used(now);
                Assert.Equal(foretold.ExpectedStart, pacer.ExpectedStart(foretold.Position, now));
                var ticket = new PlainTicket();
                if (pacer.Enqueue(ticket, arrival, now) == EntryEnd.Granted)
                {
                    Assert.Equal((0, now), foretold);
                    Assert.Equal(used + 1, pacer.Used(now));
                    pacer.Sent(ticket, now);
                }

                Assert.True(foretold == (ticket.Position, ticket.ExpectedStart), $"Foretold {foretold}, said {(ticket.Position, ticket.ExpectedStart)}, seed {seed}.");
                Assert.Equal(Math.Max(0, pacer.Limit.Count - pacer.Used(now) - pacer.Waiting), pacer.Remaining(now));
                now += chance.NextInt64(Second);
                if (chance.Next(4) == 0)
                {
                    changed.Clear();
                    pacer.Advance(now, changed);
                    changed.FindAll(one => one.State == TicketState.Granted).ForEach(one => pacer.Sent(one, now));
                }
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(Pacer.MostWeight + 1)]
    public void Weights_out_of_bounds_are_a_bug(int weight)
    {
        var pacer = new Pacer(new RateLimit(1, 1), 0, QueueBounds.Default);
        Assert.Throws<ArgumentOutOfRangeException>(() => pacer.Enqueue(new PlainTicket(), new Arrival("t", "", weight), 0));
        Assert.Equal(EntryEnd.Granted, pacer.Enqueue(new PlainTicket(), new Arrival("t", "", Pacer.MostWeight), 0));
    }

    [Fact]
    public void A_ticket_enters_once_and_is_sent_once()
    {
        var pacer = new Pacer(new RateLimit(3, 1), 0, QueueBounds.Default);
        var ticket = new PlainTicket();
        pacer.Enqueue(ticket, new Arrival("t", ""), 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => pacer.Enqueue(ticket, new Arrival("t", ""), 0));
        pacer.Sent(ticket, 1);
        Assert.Contains("A Sent ticket", Assert.Throws<InvalidOperationException>(() => pacer.Sent(ticket, 2)).Message, StringComparison.Ordinal);
        Assert.Equal((1, false), (pacer.Used(2), pacer.GiveBack(ticket)));
    }

    [Fact]
    public void An_order_that_is_given_is_kept_and_others_are_counted_up()
    {
        var pacer = new Pacer(new RateLimit(1, 10), 0, QueueBounds.Default);
        pacer.AssumeSent(1, 0);
        var orders = new long[] { 0, 77, 0 }.Select(order =>
        {
            var ticket = new PlainTicket();
            pacer.Enqueue(ticket, new Arrival("t", "", Order: order), 0);
            return ticket.Order;
        });
        Assert.Equal([1, 77, 2], orders);
    }

    [Fact]
    public void It_is_idle_only_when_nothing_waits_is_out_counts_or_is_paused()
    {
        var pacer = new Pacer(new RateLimit(1, 10), 0, QueueBounds.Default);
        Assert.True(pacer.IsIdle(0));
        pacer.PauseUntil(5, "a pause");
        Assert.Equal((false, true), (pacer.IsIdle(4), pacer.IsIdle(5)));
        var ticket = new PlainTicket();
        pacer.Enqueue(ticket, new Arrival("t", ""), 5);
        Assert.False(pacer.IsIdle(100 * Second));
        pacer.Sent(ticket, 5);
        Assert.Equal((false, true), (pacer.IsIdle(4 + (10 * Second)), pacer.IsIdle(5 + (10 * Second))));
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), 6));
        Assert.False(pacer.IsIdle(100 * Second));
        var changed = new List<Ticket>();
        pacer.GiveBackAll(changed);
        Assert.Equal((TicketState.Cancelled, 0), (Assert.Single(changed).State, pacer.Waiting));
        Assert.True(pacer.IsIdle(100 * Second));
    }

    [Fact]
    public void What_the_host_allows_is_used_up_by_grants_and_comes_back_with_permits()
    {
        var pacer = new Pacer(new RateLimit(5, 10), 0, QueueBounds.Default);
        var ticket = new PlainTicket();
        pacer.Enqueue(ticket, new Arrival("t", ""), 0);
        Assert.True(pacer.GiveBack(ticket));
        Assert.Equal(long.MaxValue, pacer.Allowance);   // as many as the window allows
        pacer.Allowance = 2;
        ticket = new PlainTicket();
        pacer.Enqueue(ticket, new Arrival("t", ""), 0);
        Assert.Equal(1, pacer.Allowance);
        pacer.GiveBack(ticket);
        Assert.Equal(2, pacer.Allowance);
    }

    [Fact]
    public void Who_is_near_on_arrival_is_not_told_again_and_who_is_not_is_told_a_second_before()
    {
        var pacer = new Pacer(new RateLimit(5, 10), 0, QueueBounds.Default);
        pacer.AssumeSent(5, 0);
        var now = 95 * Second / 10;
        var leaving = Enumerable.Range(0, 2).Select(_ => Enter(pacer, now)).ToArray();
        Assert.Equal(10 * Second, pacer.NextEvent(now));
        Assert.All(leaving, ticket => Assert.True(ticket.IsNear && pacer.GiveBack(ticket)));
        var staying = Enumerable.Range(0, 6).Select(_ => Enter(pacer, now)).ToArray();
        Assert.Equal([true, true, true, true, true, false], staying.Select(ticket => ticket.IsNear));
        var changed = new List<Ticket>();
        pacer.Advance(10 * Second, changed);
        Assert.Equal(staying[..5], changed);
        changed.ForEach(ticket => pacer.Sent(ticket, 10 * Second));
        Assert.Equal(19 * Second, pacer.NextEvent(10 * Second));
        changed.Clear();
        pacer.Advance(19 * Second, changed);
        Assert.Equal([staying[5]], changed);
        Assert.True(staying[5] is { IsNear: true, State: TicketState.Waiting });
    }

    [Fact]
    public void One_that_comes_back_is_refused_only_when_its_turn_comes_too_late()
    {
        var pacer = new Pacer(new RateLimit(1, 10), 0, new QueueBounds(1, 1));
        pacer.AssumeSent(1, 0);
        Enter(pacer, 0);
        Assert.Equal(EntryEnd.TooLate, pacer.Enqueue(new PlainTicket(), new Arrival("t", "", Front: true, Latest: (10 * Second) - 1), 0));
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(new PlainTicket(), new Arrival("t", "", Front: true, Latest: 10 * Second), 0));
    }

    [Fact]
    public void A_burst_that_may_grow_grows_in_the_window_too()
    {
        var pacer = new Pacer(new RateLimit(6, 60), 0, QueueBounds.Default);
        pacer.ChangeShape(PacingMode.Auto, startsSmooth: false, 0);
        Assert.True(pacer.Refused(0, 0));
        var now = 0L;
        for (var windows = 0; windows <= Shaper.CleanToGrow; windows++)
        {
            var ticket = new PlainTicket();
            Assert.Equal(EntryEnd.Granted, pacer.Enqueue(ticket, new Arrival("t", ""), now += 61 * Second));
            pacer.Sent(ticket, now);
        }

        now += 61 * Second;
        Assert.Equal(6, Enumerable.Range(0, 6).Count(_ => pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), now) == EntryEnd.Granted));
    }

    private static PlainTicket Enter(Pacer pacer, long now)
    {
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(ticket, new Arrival("t", ""), now));
        return ticket;
    }
}
