using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class AskingTests
{
    private const long Second = SendWindow.Second;
    private const long Hour = 3600 * Second;
    private readonly Pacer _pacer = new(new RateLimit(10, 60), 0, QueueBounds.Default);
    private readonly List<Ticket> _changed = [];

    [Fact]
    public void After_an_hour_one_query_asks_and_every_refusal_pauses_another_hour()
    {
        _pacer.PauseUntil(Hour, "", LimitLearner.AskEvery);
        var waiting = Enumerable.Range(0, 5).Select(_ => Waits(0)).ToArray();
        Assert.Empty(Granted(Hour - 1));
        Assert.Same(waiting[0], Assert.Single(Granted(Hour)));
        Assert.Empty(Granted(Hour + Second));
        _pacer.Sent(waiting[0], Hour);
        _pacer.PauseUntil(Hour + Second + Hour, "", LimitLearner.AskEvery);   // refused
        Assert.Empty(Granted((2 * Hour) + Second - 1));
        Assert.Same(waiting[1], Assert.Single(Granted((2 * Hour) + Second)));
        Assert.False(_pacer.Answered(waiting[0]));
        Assert.True(_pacer.Answered(waiting[1]));
        Assert.Equal(3, Granted((2 * Hour) + (2 * Second)).Count);
        Assert.False(_pacer.IsAsking);
    }

    [Fact]
    public void One_who_asks_and_leaves_lets_another_ask_and_one_without_an_answer_after_an_hour()
    {
        _pacer.PauseUntil(Hour, "", LimitLearner.AskEvery);
        var waiting = Enumerable.Range(0, 3).Select(_ => Waits(0)).ToArray();
        Assert.Single(Granted(Hour));
        Assert.True(_pacer.GiveBack(waiting[0]));
        Assert.Same(waiting[1], Assert.Single(Granted(Hour + 5)));
        _pacer.Sent(waiting[1], Hour + 6);
        Assert.Equal((2 * Hour) + 5 - Pacer.NearAhead, _pacer.NextEvent(Hour + 10));
        Assert.Same(waiting[2], Assert.Single(Granted((2 * Hour) + 5)));
    }

    [Fact]
    public void A_newcomer_asks_when_nobody_waits_and_an_end_of_the_pause_lets_all_go()
    {
        _pacer.PauseUntil(Hour, "", LimitLearner.AskEvery);
        Assert.Equal(EntryEnd.Granted, _pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), 9 * Hour));
        Assert.Equal(EntryEnd.Waiting, _pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), 9 * Hour));
        _pacer.Resume();
        Assert.Single(Granted(9 * Hour));
        Assert.Equal(EntryEnd.Granted, _pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), 9 * Hour));
    }

    private PlainTicket Waits(long now)
    {
        var ticket = new PlainTicket();
        Assert.Equal(EntryEnd.Waiting, _pacer.Enqueue(ticket, new Arrival("t", ""), now));
        return ticket;
    }

    private List<Ticket> Granted(long now)
    {
        _changed.Clear();
        _pacer.Advance(now, _changed);
        return [.. _changed.Where(ticket => ticket.State == TicketState.Granted)];
    }
}
