using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>Keys of several secrets that somebody put into one rate group: what a hub says to one account holds that secret's queries and nobody else's.</summary>
public sealed class SharedGroupPausesTests
{
    private static readonly Guid Id = new("0193f5a0-0000-7000-8000-000000000010");
    private static readonly Guid A = new("0193f5a0-0000-7000-8000-00000000000a");
    private static readonly Guid B = new("0193f5a0-0000-7000-8000-00000000000b");
    private static readonly GroupRules Alone = new(new RateLimit(100, 60)) { Mode = PacingMode.Auto };
    private static readonly GroupRules Shared = Alone with { HasSeveralSources = true };
    private static readonly HubRefusal WaitMinutes = new(HubRefusalKind.RateLimited, 300 * SendWindow.Second);
    private static readonly HubRefusal WaitForever = new(HubRefusalKind.RateLimited, long.MaxValue);
    private readonly PacingWorld _world = new();

    [Fact]
    public void A_pause_holds_the_secret_that_was_told_to_wait()
    {
        Refuse(Shared, A, WaitMinutes);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
        var status = Group(Shared).Status();
        Assert.Null(status.PausedUntil);
        Assert.Null(status.Lessons.Pause);
        Assert.NotNull(Assert.Single(status.LessonsOfSecrets, lessons => lessons.Source == A).Pause);
        _world.Pass(TimeSpan.FromSeconds(331), 500);
        Assert.True(Goes(Shared, A));
    }

    [Fact]
    public void An_overloaded_hub_holds_who_asked_it_before_and_after_a_kill()
    {
        Refuse(Shared, A, new HubRefusal(HubRefusalKind.Overloaded, 300 * SendWindow.Second));
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
        _world.KillAndStart();
        Recall(Shared);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
        Group(Shared).Unpause(A);
        _world.KillAndStart();
        Recall(Shared);
        Assert.Equal((true, true), (Goes(Shared, A), Goes(Shared, B)));
    }

    [Fact]
    public void Each_of_two_pauses_outlives_a_kill()
    {
        Refuse(Shared, A, WaitMinutes);
        Refuse(Shared, B, WaitMinutes);
        _world.KillAndStart();
        Recall(Shared);
        Assert.Equal((false, false), (Goes(Shared, A), Goes(Shared, B)));
        Group(Shared).Unpause(A);
        Assert.Equal((true, false), (Goes(Shared, A), Goes(Shared, B)));
    }

    [Fact]
    public void A_pause_of_one_outlives_a_kill_and_holds_no_other()
    {
        Refuse(Shared, A, WaitMinutes);
        _world.KillAndStart();
        Recall(Shared);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
    }

    [Fact]
    public void Who_joins_a_paused_key_is_not_paused()
    {
        Refuse(Alone, A, WaitMinutes);
        _world.Groups.Configure(Id, Shared);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
    }

    [Fact]
    public void After_a_wait_out_of_all_reason_one_of_that_secret_asks()
    {
        Refuse(Shared, A, WaitForever);
        _world.Pass(TimeSpan.FromMinutes(67), 1000);
        Assert.True(Goes(Shared, B));
        var asks = Enter(Shared, A);
        Assert.True(asks.IsGranted);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
        asks.GiveBack();   // unused: another asks
        asks = Enter(Shared, A);
        _world.Send(asks, Shared.Limit, ends: false);
        Assert.False(Goes(Shared, A));
        Group(Shared).Learn(asks, default, null, null);
        asks.Ended();
        Assert.True(Goes(Shared, A));
        Assert.Empty(_world.Lessons.Kept);
    }

    [Fact]
    public void The_question_of_one_secret_is_one_after_a_kill_too()
    {
        Refuse(Shared, A, WaitForever);
        _world.KillAndStart(TimeSpan.FromHours(2));
        Recall(Shared);
        Assert.True(Enter(Shared, A).IsGranted);
        Assert.Equal((false, true), (Goes(Shared, A), Goes(Shared, B)));
    }

    /// <summary>Life 1043: 13 went under a taught 12, because the other secret was paused last and then left.</summary>
    [Fact]
    public void A_limit_that_one_taught_stays_when_another_that_was_paused_leaves()
    {
        for (var i = 0; i < 2; i++)
        {
            var turn = Enter(Shared, A);
            _world.Send(turn, Shared.Limit, ends: false);
            Group(Shared).Learn(turn, new HubReport(60, 20, null), null, null);
            turn.Ended();
        }

        Refuse(Shared, B, WaitMinutes);
        _world.Groups.Move(Id, Shared, new("0193f5a0-0000-7000-8000-000000000020"), new MovingKeys(new HashSet<Guid> { B }, B, B, Alone, Alone) { AreAlone = true });
        _world.Background();
        Assert.Equal(20, Group(Alone).Status().Limit.Count);
        Assert.Equal(20, _world.Lessons.Kept[A].Limit!.Effective);
        Assert.Null(_world.Lessons.Kept[B].Limit);
    }

    private PacedGroup Group(GroupRules rules) => _world.Groups.Get(Id, rules);

    private Turn Enter(GroupRules rules, Guid source)
    {
        var entry = new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(3), Need: new QueryNeed("m", 1, 1, source), ApiKeyId: source);
        Assert.True(Group(rules).Enter(entry).TryGet(out var turn, out var refusal), refusal?.ToString());
        _world.Background();
        return turn;
    }

    private bool Goes(GroupRules rules, Guid source)
    {
        var turn = Enter(rules, source);
        var goes = turn.IsGranted;
        turn.GiveBack();
        return goes;
    }

    private void Refuse(GroupRules rules, Guid source, HubRefusal refusal)
    {
        var turn = Enter(rules, source);
        Assert.True(turn.IsGranted);
        _world.Send(turn, rules.Limit, ends: false);
        Group(rules).Learn(turn, default, refusal, null);
        turn.Ended();
    }

    private void Recall(GroupRules rules)
    {
        foreach (var kept in _world.Lessons.Load())
            Group(rules).Recall(kept);
    }
}
