using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What a hub taught follows the secret: it binds the moved key's queries only, and the whole group where only that secret is.</summary>
public sealed class MovingLessonsTests
{
    private static readonly Guid A = new("0193f5a0-0000-7000-8000-00000000000a");
    private static readonly Guid B = new("0193f5a0-0000-7000-8000-00000000000b");
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly Guid Other = new("0193f5a0-0000-7000-8000-000000000002");
    private static readonly Guid Secret = new("0193f5a0-0000-7000-8000-000000000011");
    private static readonly Guid OtherSecret = new("0193f5a0-0000-7000-8000-000000000012");
    private static readonly GroupRules Hundred = new(new RateLimit(100, 60)) { Mode = PacingMode.Auto };
    private static readonly HubReport Twenty = new(60, 20, null);
    private static readonly HubRefusal NoWait = new(HubRefusalKind.RateLimited, null);
    private static readonly HubRefusal Terminal = new(HubRefusalKind.Terminal, null);
    private static readonly HubRefusal WaitMinutes = new(HubRefusalKind.RateLimited, 300 * SendWindow.Second);
    private readonly PacingWorld _world = new();

    [Fact]
    public void A_learned_limit_binds_the_moved_keys_queries_and_nobody_elses()
    {
        Learn(A, Twenty, null, 2);
        Ask(B, Other, OtherSecret);
        Move(A, B);
        _world.Pass(TimeSpan.FromSeconds(61));
        Assert.Equal((20, 50), (Sent(B, 60), Sent(B, 50, Other, OtherSecret)));
        Assert.Equal(0, Sent(B, 5));
        Assert.Equal(100, Group(B).Status().Limit.Count);
        Assert.Equal(20, Assert.Single(Group(B).Status().LessonsOfSecrets).Limit!.Effective);
        _world.Pass(TimeSpan.FromSeconds(61));
        Assert.Equal(20, Sent(B, 60));
    }

    [Fact]
    public void What_was_sent_before_the_move_counts_under_the_learned_limit()
    {
        Learn(A, Twenty, null, 2);
        Assert.Equal(15, Sent(A, 15));
        Group(B);
        _world.Pass(TimeSpan.FromMilliseconds(20));   // what is not newer than the group may be anybody's
        Ask(B, Other, OtherSecret);
        Move(A, B);
        Assert.Equal(3, Sent(B, 20));   // 2 taught it, 15 followed
    }

    [Fact]
    public void Where_only_that_secret_is_the_whole_group_is_bound()
    {
        Learn(A, Twenty, null, 2);
        Learn(A, default, Terminal, 1, "m");
        Learn(A, default, WaitMinutes, 1);
        Move(A, B, areAlone: true);
        var status = Group(B).Status();
        Assert.Equal(20, status.Limit.Count);
        Assert.NotNull(status.PausedUntil);
        Assert.Equal(EntryRefusalKind.CircuitOpen, RefusalOf(B, "m"));
        Assert.Equal(B, Assert.Single(_world.Lessons.Kept).Value.GroupId);
    }

    [Fact]
    public void What_the_secret_that_left_had_taught_does_not_hold_those_who_stay()
    {
        Ask(A, Other, OtherSecret);
        Learn(A, Twenty, null, 2);
        Learn(A, default, WaitMinutes, 1);
        Assert.Equal((20, true), (Group(A).Status().Limit.Count, Group(A).Status().PausedUntil is not null));
        Ask(B, new Guid(3, 0, 0, new byte[8]), new Guid(4, 0, 0, new byte[8]));
        Move(A, B);
        Assert.Equal((100, true), (Group(A).Status().Limit.Count, Group(A).Status().PausedUntil is null));
        Assert.True(Enter(A, Other, OtherSecret).IsGranted);
        Assert.False(Enter(B).IsGranted);
    }

    [Fact]
    public void A_lesson_of_another_secret_stays_where_it_is()
    {
        Ask(A, Key, Secret);
        Learn(A, Twenty, null, 2, key: Other, source: OtherSecret);
        Ask(B, new Guid(3, 0, 0, new byte[8]), new Guid(4, 0, 0, new byte[8]));
        Move(A, B);
        Assert.Equal((20, 100), (Group(A).Status().Limit.Count, Group(B).Status().Limit.Count));
        Assert.Empty(Group(B).Status().LessonsOfSecrets);
    }

    [Fact]
    public void A_model_that_is_refused_is_refused_to_that_secrets_queries_only()
    {
        Ask(A, Other, OtherSecret);
        Learn(A, default, Terminal, 1, "m");
        Assert.Equal((EntryRefusalKind.CircuitOpen, (EntryRefusalKind?)null), (RefusalOf(A, "m"), RefusalOf(A, "m", Other, OtherSecret)));
        Ask(B, new Guid(3, 0, 0, new byte[8]), OtherSecret);
        Move(A, B);
        Assert.Equal((EntryRefusalKind.CircuitOpen, (EntryRefusalKind?)null), (RefusalOf(B, "m"), RefusalOf(B, "m", Other, OtherSecret)));
        Assert.Null(RefusalOf(B, "other"));
        Group(B).Unpause(Secret);
        Assert.Null(RefusalOf(B, "m"));
    }

    [Fact]
    public void Smaller_bursts_go_along()
    {
        Learn(A, default, NoWait, 1);
        var bursts = Group(A).Status().Shape.Burst;
        Assert.InRange(bursts, 2, 50);
        Ask(B, Other, OtherSecret);
        Move(A, B);
        _world.Pass(TimeSpan.FromSeconds(62));
        Assert.Equal((bursts, 40), (Sent(B, 60), Sent(B, 40, Other, OtherSecret)));
        _world.Pass(TimeSpan.FromSeconds(62));
        Ask(B);
        Assert.InRange(Sent(B, 100), bursts, 99);   // a clean window ends it as it would have there
    }

    [Fact]
    public void It_outlives_a_kill_where_the_key_is_then_and_comes_back_with_it()
    {
        Learn(A, Twenty, null, 2);
        Ask(B, Other, OtherSecret);
        Move(A, B);
        _world.KillAndStart(TimeSpan.FromSeconds(90));
        RecallAll();
        Ask(B, Other, OtherSecret);
        _world.Pass(TimeSpan.FromSeconds(61));
        Assert.Equal((20, 50), (Sent(B, 60), Sent(B, 50, Other, OtherSecret)));
        Move(B, A, areAlone: true);
        Assert.Equal(20, Group(A).Status().Limit.Count);
        Assert.Empty(Group(B).Status().LessonsOfSecrets);
        Assert.Equal((A, false), (Assert.Single(_world.Lessons.Kept).Value.GroupId, _world.Lessons.Kept[Secret].BindsSourceOnly));
    }

    [Fact]
    public void It_ends_a_day_after_its_last_confirmation()
    {
        Learn(A, Twenty, null, 2);
        Ask(B, Other, OtherSecret);
        Move(A, B);
        _world.Pass(TimeSpan.FromHours(23), 60_000);
        Assert.Equal(20, Sent(B, 60));
        _world.Pass(TimeSpan.FromHours(1.1), 60_000);
        Assert.Equal(60, Sent(B, 60));
        Assert.Empty(_world.Lessons.Kept);
    }

    [Fact]
    public void Refusals_of_the_moved_keys_queries_teach_about_that_secret_and_clean_windows_undo_it()
    {
        Ask(A);
        Learn(A, default, NoWait, 1);
        Ask(B, Other, OtherSecret);
        Move(A, B);
        for (var i = 0; i < 6; i++)
        {
            _world.Pass(TimeSpan.FromSeconds(100));
            Learn(B, default, NoWait, 1);   // the smallest bursts are refused too: it is the limit
        }

        var lower = Assert.Single(Group(B).Status().LessonsOfSecrets).Limit!.Effective;
        Assert.InRange(lower, 1, 99);
        Assert.Equal(100, Group(B).Status().Limit.Count);
        for (var i = 0; i < 60; i++)
        {
            _world.Pass(TimeSpan.FromSeconds(62));
            Learn(B, default, null, 1);
        }

        Assert.Equal(60, Sent(B, 60));
    }

    [Fact]
    public void A_pause_that_came_along_ends_when_somebody_says_so()
    {
        Ask(B, Other, OtherSecret);
        Learn(A, default, WaitMinutes, 1);
        Move(A, B);
        var held = Enter(B);
        Assert.False(held.IsGranted);
        Group(B).Unpause(Secret);
        _world.Background();
        Assert.True(held.IsGranted);
    }

    [Fact]
    public void Under_another_limit_what_was_learned_binds_all_the_same()
    {
        Learn(A, Twenty, null, 2);
        var rules = Hundred with { Limit = new RateLimit(1_000, 30) };
        _world.Groups.Move(A, Hundred, B, new MovingKeys(new HashSet<Guid> { Key }, Secret, Secret, null, rules) { AreAlone = true });
        _world.Background();
        _world.Pass(TimeSpan.FromSeconds(61));
        Assert.Equal(20, Sent(B, 60));
    }

    [Fact]
    public void Another_secret_in_a_key_brings_nothing_along_that_the_hub_said_of_the_one_before()
    {
        Learn(A, Twenty, null, 2);
        Learn(A, default, Terminal, 1, "m");
        Learn(A, default, WaitMinutes, 1);
        Ask(B, Other, OtherSecret);
        ChangeSecret(A, B);
        Assert.True(Enter(B, Key, OtherSecret).IsGranted);
        Assert.True(Enter(B, Other, OtherSecret).IsGranted);
        Assert.Null(RefusalOf(B, "m", Key, OtherSecret));
        Assert.Equal((100, true), (Group(B).Status().Limit.Count, Group(B).Status().PausedUntil is null));
        Assert.Empty(Group(B).Status().LessonsOfSecrets);
        _world.Groups.Move(B, Hundred, A, new MovingKeys(new HashSet<Guid> { Key }, OtherSecret, Secret, Hundred, Hundred) { SourceStays = true, AreAlone = true });
        Assert.Equal((20, true), (Group(A).Status().Limit.Count, Group(A).Status().PausedUntil is not null));
        Assert.Equal(EntryRefusalKind.CircuitOpen, RefusalOf(A, "m"));
        Assert.True(Enter(B, Other, OtherSecret).IsGranted);
    }

    [Fact]
    public void Who_shares_the_secret_keeps_what_its_hub_taught_when_another_key_gets_a_new_one()
    {
        Learn(A, Twenty, null, 2);
        Learn(A, default, WaitMinutes, 1);
        ChangeSecret(A, B, stays: true);
        Assert.Equal((20, true), (Group(A).Status().Limit.Count, Group(A).Status().PausedUntil is not null));
        Assert.True(Enter(B, Key, OtherSecret).IsGranted);
    }

    private void ChangeSecret(Guid from, Guid to, bool stays = false)
    {
        var keys = new MovingKeys(new HashSet<Guid> { Key }, Secret, OtherSecret, stays ? Hundred : null, Hundred) { SourceStays = stays, AreAlone = true };
        _world.Groups.Move(from, Hundred, to, keys);
        _world.Background();
    }

    private PacedGroup Group(Guid id) => _world.Groups.Get(id, Hundred);

    private void Move(Guid from, Guid to, bool areAlone = false)
    {
        _world.Groups.Move(from, Hundred, to, new MovingKeys(new HashSet<Guid> { Key }, Secret, Secret, null, Hundred) { AreAlone = areAlone });
        _world.Background();
    }

    private static Entry EntryOf(string? model, Guid? key, Guid? source) =>
        new("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(1), Need: new QueryNeed(model, 1, 1, source ?? Secret), ApiKeyId: key ?? Key);

    private Turn Enter(Guid group, Guid? key = null, Guid? source = null, string? model = null)
    {
        Assert.True(Group(group).Enter(EntryOf(model, key, source)).TryGet(out var turn, out var refusal), refusal?.ToString());
        _world.Background();
        return turn;
    }

    private EntryRefusalKind? RefusalOf(Guid group, string model, Guid? key = null, Guid? source = null)
    {
        if (!Group(group).Enter(EntryOf(model, key, source)).TryGet(out var turn, out var refusal))
            return refusal.Kind;

        turn.GiveBack();
        return null;
    }

    /// <summary>How many of so many go at once; the others give up.</summary>
    private int Sent(Guid group, int many, Guid? key = null, Guid? source = null)
    {
        var turns = Enumerable.Range(0, many).Select(_ => Enter(group, key, source)).ToArray();
        var granted = turns.Where(turn => turn.IsGranted).ToArray();
        foreach (var turn in granted)
            _world.Send(turn, Hundred.Limit);

        Array.ForEach(turns, turn => turn.GiveBack());
        return granted.Length;
    }

    private void Ask(Guid group, Guid? key = null, Guid? source = null) => Assert.Equal(1, Sent(group, 1, key, source));

    private void Learn(Guid group, HubReport report, HubRefusal? refusal, int times, string? model = null, Guid? key = null, Guid? source = null)
    {
        for (var i = 0; i < times; i++)
        {
            var turn = Enter(group, key, source, model);
            Assert.True(turn.IsGranted);
            turn.Leaving();
            turn.Sent();
            Group(group).Learn(turn, report, refusal, model);
            turn.Ended();
        }
    }

    private void RecallAll()
    {
        foreach (var kept in _world.Lessons.Load())
            _world.Groups.Get(kept.GroupId, Hundred).Recall(kept);
    }
}
