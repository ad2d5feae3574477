using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Who cannot wait so long, and who need not try: deadlines and full queues.</summary>
public sealed class PacerDeadlineTests : PlainPacing
{
    [Fact]
    public void Deadlines_of_those_who_left_do_not_pile_up()
    {
        var deadlines = new Deadlines();
        var pacer = new Pacer(new RateLimit(1, 86_400), 0, QueueBounds.Default);
        pacer.AssumeSent(1, 0);
        for (var i = 0; i < 10_000; i++)
        {
            var ticket = new PlainTicket { Deadline = i + 1 };
            pacer.Enqueue(ticket, new Arrival("t", ""), 0);
            ticket.Deadline = i + 1;
            deadlines.Add(ticket, waiting: 1);
            pacer.GiveBack(ticket);
        }

        Assert.InRange(deadlines.Count, 0, 100);
    }

    [Fact]
    public void Deadlines_of_those_who_still_wait_are_kept_when_the_others_are_thrown_out()
    {
        var deadlines = new Deadlines();
        var pacer = Full(new RateLimit(1, 86_400));
        var staying = Wait(pacer, deadline: 500);
        deadlines.Add(staying, waiting: 1);
        for (var i = 0; i < 200; i++)
        {
            var leaving = Wait(pacer, deadline: i + 1);
            deadlines.Add(leaving, waiting: 1);
            pacer.GiveBack(leaving);
        }

        Assert.Equal(500, deadlines.Next());
        Assert.Null(deadlines.TakeBefore(500));
        Assert.Same(staying, deadlines.TakeBefore(501));
        Assert.Equal((0, long.MaxValue), (deadlines.Count, deadlines.Next()));
        deadlines.Add(new PlainTicket { Deadline = long.MaxValue }, waiting: 1);
        Assert.Equal(0, deadlines.Count);
    }

    [Fact]
    public void A_turn_that_cannot_come_in_time_is_refused_with_where_and_when_it_would_have_been()
    {
        var pacer = Full(new RateLimit(2, 10));
        Wait(pacer);
        Wait(pacer);
        var late = new PlainTicket();
        Assert.Equal(EntryEnd.TooLate, pacer.Enqueue(late, new Arrival("t", "", Latest: (20 * Second) - 1), Second));
        Assert.Equal((2, 20 * Second), (late.Position, late.ExpectedStart));
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(new PlainTicket(), new Arrival("t", "", Latest: 20 * Second), Second));
    }

    [Fact]
    public void Full_queues_refuse_with_where_and_when_it_would_have_been()
    {
        var pacer = Full(new RateLimit(1, 10), new QueueBounds(5, 2));
        Wait(pacer, caller: "a");
        Wait(pacer, caller: "a");
        Assert.Equal(EntryEnd.CallerQueueFull, pacer.Enqueue(new PlainTicket(), new Arrival("t", "a"), 0));
        Assert.Equal(EntryEnd.CallerQueueFull, pacer.Enqueue(new PlainTicket(), new Arrival("t", "a", Class: QueryClass.Background), 0));
        Wait(pacer, caller: "b");
        Wait(pacer, caller: "c");
        Wait(pacer, caller: "d");
        var refused = new PlainTicket();
        Assert.Equal(EntryEnd.QueueFull, pacer.Enqueue(refused, new Arrival("t", "e"), 0));
        Assert.Equal((4, 50 * Second), (refused.Position, refused.ExpectedStart));
        Assert.Equal(EntryEnd.Waiting, pacer.Enqueue(new PlainTicket(), new Arrival("t", "a", Front: true), 0));
    }

    [Fact]
    public void A_ticket_expires_at_its_deadline_and_not_before()
    {
        var pacer = Full(new RateLimit(1, 10));
        var ticket = Wait(pacer, deadline: 3 * Second);
        pacer.Advance((3 * Second) - 1, Changed);
        Assert.Equal(TicketState.Waiting, ticket.State);
        Assert.Equal(3 * Second, pacer.NextEvent((3 * Second) - 1));
        pacer.Advance(3 * Second, Changed);
        Assert.Equal(TicketState.Expired, ticket.State);
        Assert.Contains(ticket, Changed);
        Assert.Equal(0, pacer.Waiting);
    }

    [Fact]
    public void A_turn_that_comes_exactly_at_the_deadline_is_in_time()
    {
        var pacer = Full(new RateLimit(1, 10));
        var ticket = Wait(pacer, deadline: 10 * Second);
        pacer.Advance(10 * Second, Changed);
        Assert.Equal(TicketState.Granted, ticket.State);
    }
}
