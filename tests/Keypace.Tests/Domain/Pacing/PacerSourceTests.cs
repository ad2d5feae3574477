using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Limits and pauses that bind only the queries of one secret and destination.</summary>
public sealed class PacerSourceTests
{
    private const long Second = SendWindow.Second;
    private static readonly Guid A = new(1, 0, 0, new byte[8]);
    private static readonly Guid B = new(2, 0, 0, new byte[8]);
    private readonly List<Ticket> _changed = [];

    [Fact]
    public void A_pause_of_one_source_holds_its_queries_and_nobody_elses()
    {
        var pacer = new Pacer(new RateLimit(10, 1), 0, QueueBounds.Default);
        pacer.PauseSource(A, 5 * Second, "the hub said so");
        pacer.PauseSource(A, 4 * Second, "never shorter");
        Assert.Equal([new SourcePause(A, 5 * Second, "the hub said so")], pacer.SourcePausesAt(0));
        var held = Enter(pacer, A, 0);
        Assert.Equal((TicketState.Waiting, 5 * Second, null), (held.State, held.ExpectedStart, held.BoundBy));
        Assert.Equal(new Binding(BindingKind.Pause, null, 5 * Second), pacer.BindingAt(0));
        Assert.Equal(TicketState.Sent, Enter(pacer, B, 0).State);
        Assert.Equal(TicketState.Sent, Enter(pacer, Guid.Empty, 0).State);
        Assert.Equal(5 * Second, pacer.Expect(Arrives(A), 0).ExpectedStart);
        Assert.InRange(pacer.NextEvent(Second), Second, 5 * Second);
        Advance(pacer, (5 * Second) - 1);
        Assert.Equal(TicketState.Waiting, held.State);
        Assert.False(pacer.IsIdle((5 * Second) - 1));
        Advance(pacer, 5 * Second);
        Assert.Equal(TicketState.Sent, held.State);
        Assert.Empty(pacer.SourcePausesAt(5 * Second));
        Assert.True(pacer.IsIdle(7 * Second));
    }

    /// <summary>Whoever may ask a hub that refuses names that it does not know could fill the memory with them, and make every look at them long.</summary>
    [Fact]
    public void Of_names_that_a_caller_makes_up_no_more_are_held_than_are_known()
    {
        var pacer = new Pacer(new RateLimit(1, 1), 0, QueueBounds.Default);
        for (var number = 0; number < 1000; number++)
            pacer.PauseModel($"made up {number}", (10 + number) * Second, "");

        Assert.Equal(ModelFates.Most, pacer.ModelPausesAt(0).Count);
        Assert.Contains(pacer.ModelPausesAt(0), pause => pause.Model == "made up 999");
        Advance(pacer, 2000 * Second);
        Assert.Empty(pacer.ModelPausesAt(2000 * Second));
    }

    [Fact]
    public void A_pause_of_one_model_holds_its_queries_and_nobody_elses()
    {
        var pacer = new Pacer(new RateLimit(1, 1), 0, QueueBounds.Default);
        Enter(pacer, A, 0, "x");
        var (first, second, third) = (Enter(pacer, A, 0, "x"), Enter(pacer, A, 0, "y"), Enter(pacer, B, 0, "x"));

        pacer.PauseModel("x", 5 * Second, "the hub said so");
        pacer.PauseModel("x", 4 * Second, "never shorter");

        Assert.Equal([new ModelPause("x", 5 * Second, "the hub said so")], pacer.ModelPausesAt(0));
        Assert.Empty(pacer.SourcePausesAt(0));
        Advance(pacer, Second);
        Assert.Equal((TicketState.Waiting, TicketState.Sent, TicketState.Waiting), (first.State, second.State, third.State));
        Assert.Equal(7 * Second, pacer.Expect(Arrives(A, "x"), 2 * Second).ExpectedStart);
        Assert.Equal(2 * Second, pacer.Expect(Arrives(A, "y"), 2 * Second).ExpectedStart);
        Advance(pacer, 5 * Second);
        Assert.Equal((TicketState.Sent, TicketState.Waiting), (first.State, third.State));

        pacer.PauseModel("x", 60 * Second, "");
        Assert.False(pacer.IsIdle(20 * Second));
        pacer.ResumeModels();
        Advance(pacer, 6 * Second);
        Assert.Equal(TicketState.Sent, third.State);
        Assert.False(Enter(pacer, A, 8 * Second, "x").HasClaims);
        Assert.True(pacer.IsIdle(20 * Second));
    }

    [Fact]
    public void A_pause_holds_those_in_line_too_and_ends_when_told()
    {
        var pacer = new Pacer(new RateLimit(1, 1), 0, QueueBounds.Default);
        Enter(pacer, A, 0);
        var (first, second) = (Enter(pacer, A, 0), Enter(pacer, B, 0));
        pacer.PauseSource(A, 9 * Second, "");
        Advance(pacer, Second);
        Assert.Equal((TicketState.Waiting, TicketState.Sent), (first.State, second.State));
        pacer.ResumeSource(A);
        Advance(pacer, 2 * Second);
        Assert.Equal(TicketState.Sent, first.State);
        Assert.False(Enter(pacer, A, 2 * Second).HasClaims);
    }

    [Fact]
    public void A_limit_of_one_source_counts_only_its_queries()
    {
        var pacer = new Pacer(new RateLimit(100, 1), 0, QueueBounds.Default);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 2, 10, Source: A)], DateTimeOffset.UnixEpoch, 0);
        for (var i = 0; i < 5; i++)
            Assert.Equal(TicketState.Sent, Enter(pacer, B, 0).State);

        Assert.Equal([TicketState.Sent, TicketState.Sent, TicketState.Waiting], Enumerable.Range(0, 3).Select(_ => Enter(pacer, A, 0).State));
        Assert.Equal(2, pacer.QuotasAt(0)[0].Used);
    }

    [Fact]
    public void A_limit_of_another_source_counts_another_thing() =>
        Assert.False(new Quota(QuotaDimension.Tokens, 1, 60, Source: A).CountsLike(new Quota(QuotaDimension.Tokens, 1, 60, Source: B)));

    private static Arrival Arrives(Guid source, string model = "m") => new("t", "", Need: new QueryNeed(model, 1, 1, source));

    private PlainTicket Enter(Pacer pacer, Guid source, long now, string model = "m")
    {
        var ticket = new PlainTicket();
        if (pacer.Enqueue(ticket, Arrives(source, model), now) == EntryEnd.Granted)
            pacer.Sent(ticket, now);

        Advance(pacer, now);
        return ticket;
    }

    private void Advance(Pacer pacer, long now)
    {
        _changed.Clear();
        pacer.Advance(now, _changed);
        foreach (var ticket in _changed.Where(ticket => ticket.State == TicketState.Granted))
            pacer.Sent(ticket, now);
    }
}
