using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Tests.Server.Pacing;

public sealed class PacedGroupTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly RateLimit One = new(1, 10);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(200);
    private readonly PacingWorld _world = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_free_permit_is_granted_at_once()
    {
        var turn = _world.Turn(Key, One);
        Assert.True(turn.IsGranted);
        Assert.Equal((0, TimeSpan.Zero), (turn.Position, turn.ExpectedWait));
        Assert.True(turn.WhenGranted(Ct).AsTask().IsCompletedSuccessfully);
        Assert.Equal(0, _world.Groups.Get(Key, One).Remaining);
    }

    [Fact]
    public async Task A_waiting_query_wakes_when_its_permit_comes_and_is_told_a_second_before()
    {
        _world.Send(_world.Turn(Key, One), One);
        var turn = _world.Turn(Key, One);
        var (near, granted) = (turn.WhenNear(Ct).AsTask(), turn.WhenGranted(Ct).AsTask());
        Assert.Equal((0, TimeSpan.FromSeconds(10)), (turn.Position, turn.ExpectedWait));
        _world.Pass(TimeSpan.FromSeconds(8.98));
        Assert.False(turn.IsNear);
        _world.Pass(TimeSpan.FromSeconds(0.02));
        Assert.True(turn.IsNear);
        await near;
        _world.Pass(TimeSpan.FromSeconds(0.98));
        Assert.False(turn.IsGranted);
        _world.Pass(TimeSpan.FromSeconds(0.02));
        Assert.True(turn.IsGranted);
        Assert.Equal(TurnEnd.Granted, await granted);
    }

    [Fact]
    public async Task Cancelling_gives_the_place_back()
    {
        _world.Send(_world.Turn(Key, One), One);
        var (first, second) = (_world.Turn(Key, One), _world.Turn(Key, One));
        using var cancel = new CancellationTokenSource();
        var waiting = first.WhenGranted(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(1, _world.Groups.Get(Key, One).Status().WaitingNow);
        _world.Pass(TimeSpan.FromSeconds(10));
        Assert.True(second.IsGranted);
    }

    [Fact]
    public async Task Cancelling_gives_a_permit_back_that_was_not_used()
    {
        var (first, second) = (_world.Turn(Key, One), _world.Turn(Key, One));
        Assert.True(first.IsGranted && !second.IsGranted);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await first.WhenGranted(new CancellationToken(canceled: true)));
        Assert.True(second.IsGranted);
        Assert.Throws<InvalidOperationException>(first.Leaving);
    }

    [Fact]
    public async Task Giving_back_while_somebody_waits_ends_that_wait()
    {
        _world.Send(_world.Turn(Key, One), One);
        var turn = _world.Turn(Key, One);
        var waiting = turn.WhenGranted(Ct).AsTask();
        turn.GiveBack();
        turn.GiveBack();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void A_permit_is_used_once()
    {
        var turn = _world.Turn(Key, new RateLimit(5, 10));
        turn.Leaving();
        Assert.Throws<InvalidOperationException>(turn.Leaving);
        turn.Sent();
        Assert.Throws<InvalidOperationException>(turn.Sent);
        turn.GiveBack();
        Assert.Equal(4, _world.Groups.Get(Key, One).Remaining);
    }

    [Fact]
    public void A_query_that_breaks_off_while_its_bytes_leave_counts_as_sent()
    {
        var turn = _world.Turn(Key, One);
        turn.Leaving();
        turn.GiveBack();
        Assert.Equal(TicketState.Sent, turn.State);
        Assert.Equal(0, _world.Groups.Get(Key, One).Remaining);
    }

    [Fact]
    public void Without_patience_it_is_now_or_not_at_all()
    {
        _world.Send(_world.Turn(Key, One), One);
        _world.Pass(TimeSpan.FromSeconds(4));
        Assert.False(_world.Enter(Key, One, TimeSpan.Zero).TryGet(out _, out var refusal));
        Assert.Equal(new EntryRefusal(EntryRefusalKind.TooLate, 0, TimeSpan.FromSeconds(6)), refusal);
        Assert.True(_world.Enter(Key, One, TimeSpan.FromSeconds(6)).TryGet(out var turn, out _));
        _world.Pass(TimeSpan.FromSeconds(6));
        Assert.True(turn.IsGranted);
    }

    [Fact]
    public void A_burst_without_patience_gets_every_free_permit_although_its_note_is_not_on_the_disk_yet()
    {
        var limit = new RateLimit(60, 10);
        var turns = Enumerable.Range(0, 60).Select(_ =>
        {
            Assert.True(_world.Enter(Key, limit, TimeSpan.Zero).TryGet(out var turn, out var refusal), refusal?.ToString());
            return turn;
        }).ToArray();
        Assert.Equal(3, turns.Count(turn => turn.IsGranted));
        _world.Background();
        Assert.All(turns, turn => Assert.True(turn.IsGranted));
        Assert.False(_world.Enter(Key, limit, TimeSpan.Zero).TryGet(out _, out _));
    }

    [Fact]
    public async Task Patience_that_ends_ends_the_wait()
    {
        _world.Send(_world.Turn(Key, One), One);
        Assert.True(_world.Enter(Key, One, TimeSpan.FromSeconds(12)).TryGet(out var turn, out _));
        var waiting = turn.WhenGranted(Ct).AsTask();
        _world.Groups.Get(Key, One).Pause(_world, TimeSpan.FromSeconds(30), "the hub said so");
        _world.Pass(TimeSpan.FromSeconds(13));
        Assert.Equal(TurnEnd.Expired, await waiting);
        Assert.Equal(0, _world.Groups.Get(Key, One).Status().WaitingNow);
    }

    [Fact]
    public void Nobody_waits_longer_than_the_setting_allows()
    {
        _world.Options.MaxWait = TimeSpan.FromSeconds(5);
        _world.Send(_world.Turn(Key, One), One);
        Assert.False(_world.Enter(Key, One, Timeout.InfiniteTimeSpan + TimeSpan.FromDays(9)).TryGet(out _, out var refusal));
        Assert.Equal(TimeSpan.FromSeconds(10), refusal.RetryAfter);
    }

    [Fact]
    public void A_changed_limit_lets_those_in_line_go_at_once()
    {
        _world.Burst(Key, One, 1);
        var turns = Enumerable.Range(0, 3).Select(_ => _world.Turn(Key, One)).ToArray();
        _world.Groups.Configure(Key, new GroupRules(new RateLimit(3, 10)));
        _world.Background();
        Assert.Equal([true, true, false], turns.Select(turn => turn.IsGranted));
    }

    [Fact]
    public void A_pause_shows_its_reason_and_ends()
    {
        var group = _world.Groups.Get(Key, One);
        group.Pause(_world, TimeSpan.FromSeconds(5), "429 from the hub");
        group.Pause(_world, TimeSpan.FromSeconds(1), "shorter");
        var turn = _world.Turn(Key, One, "token", "caller");
        var status = group.Status();
        Assert.Equal((_world.Time.GetUtcNow().AddSeconds(5), "429 from the hub"), (status.PausedUntil, status.PausedWhy));
        Assert.Equal(_world.Time.GetUtcNow().AddSeconds(5), status.NextFreeAt);
        Assert.Equal([new WaitingCaller("token", "caller", 1, 0, _world.Time.GetUtcNow().AddSeconds(5))], status.Waiting);
        _world.Pass(TimeSpan.FromSeconds(4.98));
        Assert.False(turn.IsGranted);
        _world.Pass(TimeSpan.FromSeconds(0.02));
        Assert.True(turn.IsGranted);
        Assert.Null(group.Status().PausedUntil);
    }

    [Fact]
    public void A_query_that_comes_back_goes_before_those_who_wait()
    {
        _world.Send(_world.Turn(Key, One), One);
        var waiting = _world.Turn(Key, One);
        Assert.True(_world.Enter(Key, One, Long, front: true).TryGet(out var back, out _));
        _world.Pass(TimeSpan.FromSeconds(10));
        Assert.True(back.IsGranted && !waiting.IsGranted);
    }

    [Fact]
    public async Task Stopping_ends_every_wait_takes_nothing_new_and_lets_permits_be_used()
    {
        var granted = _world.Turn(Key, One);
        var waiting = _world.Turn(Key, One);
        var end = waiting.WhenGranted(Ct).AsTask();
        var stopping = _world.Groups.StopAsync();
        Assert.Equal(TurnEnd.ShuttingDown, await end);
        Assert.False(_world.Enter(Key, One, Long).TryGet(out _, out var refusal));
        Assert.Equal(EntryRefusalKind.ShuttingDown, refusal.Kind);
        Assert.False(stopping.IsCompleted);
        _world.Send(granted, One);
        await stopping;
    }

    [Fact]
    public async Task A_permit_that_is_still_out_after_the_stop_can_no_longer_be_used()
    {
        var granted = _world.Turn(Key, One);
        var stopping = _world.Groups.StopAsync();
        _world.Pass(TimeSpan.FromSeconds(6));
        await stopping;
        Assert.Throws<InvalidOperationException>(granted.Leaving);
    }

    [Fact]
    public void An_idle_group_is_dropped_and_whoever_still_holds_it_meets_the_new_one()
    {
        var old = _world.Groups.Get(Key, One);
        _world.Burst(Key, One, 1);
        _world.Pass(TimeSpan.FromSeconds(9));
        Assert.Equal(1, _world.Groups.Count);
        _world.Pass(TimeSpan.FromSeconds(12));
        Assert.Equal(0, _world.Groups.Count);
        Assert.True(old.Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.Zero)).TryGet(out var turn, out _));
        _world.Send(turn, One);
        Assert.NotSame(old, _world.Groups.Get(Key, One));
        Assert.False(old.Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.Zero)).TryGet(out _, out _));
        Assert.False(_world.Enter(Key, One, TimeSpan.Zero).TryGet(out _, out _));
    }

    [Fact]
    public void Many_threads_never_get_more_than_the_limit()
    {
        var limit = new RateLimit(500, 60);
        var group = new RateGroups(new PacingOptions(), _world.Time, new OpenLedger()).Get(Key, limit);
        var sent = 0;
        Parallel.For(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            if (group.Enter(new Entry($"t{i % 5}", "", 1, QueryClass.Interactive, TimeSpan.Zero)).TryGet(out var turn, out _))
            {
                if (i % 3 == 0)
                {
                    turn.GiveBack();
                    return;
                }

                turn.Leaving();
                turn.Sent();
                Interlocked.Increment(ref sent);
            }
        });
        Assert.Equal(500, sent + group.Remaining);
        Assert.Equal(0, group.Status().OutstandingNow);
    }
}
