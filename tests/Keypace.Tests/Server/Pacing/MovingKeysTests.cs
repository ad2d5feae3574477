using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>A key comes into another rate group: one step, and all that counted counts there too.</summary>
public sealed class MovingKeysTests
{
    /// <summary>
    /// Traces that ran over while queries came to the old group after the move, while the new group did not count permits that were out, while
    /// it did not count what ran, and while a full window had let go of the sends of those who left.
    /// </summary>
    private static readonly int[] RanOver = [1, 4, 127, 236];

    private static readonly Guid A = new("0193f5a0-0000-7000-8000-00000000000a");
    private static readonly Guid B = new("0193f5a0-0000-7000-8000-00000000000b");
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly Guid Other = new("0193f5a0-0000-7000-8000-000000000002");
    private static readonly Guid Secret = new("0193f5a0-0000-7000-8000-000000000011");
    private static readonly Guid OtherSecret = new("0193f5a0-0000-7000-8000-000000000012");
    private static readonly RateLimit Ten = new(10, 3);
    private readonly PacingWorld _world = new();

    [Fact]
    public void Whatever_moves_and_whenever_no_secret_is_seen_too_often()
    {
        var (sends, moves) = (0, 0);
        var (first, traces) = (Traces.FirstSeed(), Traces.Count(200, 5_000));
        foreach (var seed in Enumerable.Range(first, traces).Concat(RanOver))
        {
            var trace = new MovingTrace(seed);
            trace.Run(60);
            (sends, moves) = (sends + trace.Sends, moves + trace.Moves);
        }

        Assert.True(sends > traces * 10 && moves > traces * 2, $"Only {sends} sends and {moves} moves: the traces prove little.");
    }

    [Fact]
    public void What_was_sent_counts_in_both_and_there_and_back_counts_once()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 4);
        Move(A, B, rules);
        Assert.Equal((6, 6), (Left(A, rules), Left(B, rules)));
        Send(B, rules, 2);
        Move(B, A, rules);
        Assert.Equal((4, 4), (Left(A, rules), Left(B, rules)));
        Move(A, B, rules);
        Assert.Equal((4, 4), (Left(A, rules), Left(B, rules)));
        _world.Pass(TimeSpan.FromSeconds(4));
        Assert.Equal((10, 10), (Left(A, rules), Left(B, rules)));
    }

    [Fact]
    public void What_is_known_to_be_another_secrets_stays()
    {
        var rules = new GroupRules(Ten) { Quotas = [new Quota(QuotaDimension.Tokens, 1000, 60)] };
        _world.Groups.Get(B, rules);
        _world.Pass(TimeSpan.FromMilliseconds(20));   // what is not newer than the group may be anybody's
        Send(B, rules, 5, Other, OtherSecret);
        Send(A, rules, 2);
        Move(A, B, rules);
        Assert.Equal((3, 930L), (Left(B, rules), 1000 - Used(B)));
        Send(B, rules, 1);
        Send(B, rules, 1, Other, OtherSecret);
        Move(B, A, rules);
        Assert.Equal((7, 30L), (Left(A, rules), Used(A)));
        Assert.Equal((1, 90L), (Left(B, rules), Used(B)));
        _world.Groups.Move(B, rules, new Guid(3, 0, 0, new byte[8]), new MovingKeys(new HashSet<Guid> { Other }, OtherSecret, OtherSecret, rules, rules));
        Assert.Equal(4, Left(new Guid(3, 0, 0, new byte[8]), rules));
    }

    [Fact]
    public void Tokens_requests_a_day_and_running_queries_count_in_both()
    {
        var rules = new GroupRules(new RateLimit(100, 1))
        {
            Quotas = [new Quota(QuotaDimension.Tokens, 1000, 60), new Quota(QuotaDimension.Requests, 5, Zone: TimeZoneInfo.Utc), new Quota(QuotaDimension.Concurrent, 3)],
        };
        var running = Enumerable.Range(0, 3).Select(_ => Enter(A, rules)).ToArray();
        running[0].Leaving();
        running[0].Sent();
        Move(A, B, rules);
        Assert.Equal([30, 3, 3], UsedOf(B));
        Assert.False(Enter(B, rules).IsGranted);
        running[0].Settle(400, 100);
        running[0].Ended();
        _world.Background();
        Assert.Equal([530, 4, 3], UsedOf(B));   // the one that waited has its permit
        running[1].GiveBack();
        running[2].Leaving();
        running[2].Sent();
        running[2].Ended();
        Assert.Equal([520, 3, 1], UsedOf(B));
        Assert.Equal([510, 2, 0], UsedOf(A));
    }

    [Fact]
    public void A_limit_that_only_the_old_group_had_is_remembered_in_the_new_one()
    {
        var (with, without) = (new GroupRules(Ten) { Quotas = [new Quota(QuotaDimension.Tokens, 1000, 60)] }, new GroupRules(Ten));
        Send(A, with, 3);
        Move(A, B, without);
        Assert.True(_world.Groups.Get(B, without).HasQuotas);
        _world.Groups.Configure(B, with with { Quotas = [new Quota(QuotaDimension.Tokens, 1000, 61)] });
        Assert.Equal([30], UsedOf(B));
    }

    [Fact]
    public void The_hubs_pause_goes_along_and_holds_only_the_queries_of_its_secret()
    {
        var rules = new GroupRules(Ten);
        Send(B, rules, 1, Other, OtherSecret);
        Send(A, rules, 1);
        _world.Groups.Get(A, rules).Pause(_world, TimeSpan.FromSeconds(60), "the hub said so");
        Move(A, B, rules);
        var (held, free) = (Enter(B, rules), Enter(B, rules, Other, OtherSecret));
        _world.Background();
        Assert.Equal((false, true), (held.IsGranted, free.IsGranted));
        _world.Pass(TimeSpan.FromSeconds(60));
        Assert.True(held.IsGranted);
    }

    [Fact]
    public void Whoever_comes_late_with_the_old_group_is_sent_on_and_waiting_queries_are_told()
    {
        var rules = new GroupRules(new RateLimit(1, 10));
        Send(A, rules, 1);
        var old = _world.Groups.Get(A, rules);
        var waiting = Enter(A, rules);
        Move(A, B, rules);
        Assert.True(waiting.IsMoved);
        Assert.True(old.Enter(EntryOf(Key, Secret)).TryGet(out var late, out _));
        Assert.Same(_world.Groups.Get(B, rules), late.Group);
        Assert.Equal(1, _world.Groups.Get(B, rules).Status().WaitingNow);
        _world.Pass(TimeSpan.FromMinutes(2));
        Assert.Same(old, _world.Groups.Get(A, rules));   // not dropped: somebody may still come
    }

    [Fact]
    public void What_came_along_outlives_a_kill_right_after_the_move_and_a_power_failure()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 10);
        Move(A, B, rules);
        _world.KillAndStart();
        Assert.Equal(0, Left(B, rules));
        _world.Pass(TimeSpan.FromSeconds(10));
        Send(B, rules, 10);
        Move(B, A, rules);
        Assert.False(Enter(A, rules).IsGranted);
        _world.LosePowerAndStart(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.InRange(Left(B, rules), 0, 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_process_that_ends_between_the_commit_and_the_move_leaves_what_was_sent(bool hasPower)
    {
        var rules = new GroupRules(Ten) { Quotas = [new Quota(QuotaDimension.Tokens, 1000, 900), new Quota(QuotaDimension.Requests, 40, Zone: TimeZoneInfo.Utc)] };
        Send(A, rules, 6);
        await _world.Groups.ForeseeMoveAsync(A, rules, B);
        Send(A, rules, 3);
        if (hasPower)
        {
            _world.KillAndStart();
        }
        else
        {
            _world.Pass(TimeSpan.FromSeconds(1));   // the block that a day's limit waits for
            _world.LosePowerAndStart(TimeSpan.Zero, TimeSpan.FromMilliseconds(100), wallBehind: TimeSpan.Zero);
        }

        Assert.InRange(Left(B, rules), 0, 1);
        Assert.InRange(UsedOf(B)[0], 90, 240);   // and blocks of 50 that may have been used
        Assert.InRange(UsedOf(B)[1], 9, 13);
    }

    [Fact]
    public async Task A_move_that_is_over_or_never_was_costs_the_new_group_nothing_after_a_kill()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 6);
        await _world.Groups.ForeseeMoveAsync(A, rules, B);
        _world.Groups.MoveOver(A, B);
        _world.KillAndStart();
        Assert.Equal(10, Left(B, rules));
        await _world.Groups.ForeseeMoveAsync(A, rules, B);
        Move(A, B, rules);
        _world.Groups.MoveOver(A, B);
        Send(A, rules, 1, Other, OtherSecret);
        _world.KillAndStart();
        Assert.InRange(Left(B, rules), 2, 3);   // six, and what two kills may hide
    }

    [Fact]
    public async Task Keys_on_their_way_are_known_after_the_journal_was_written_anew()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 10);
        await _world.Groups.ForeseeMoveAsync(A, rules, B);
        var rewrites = _world.Disk.Rewrites;
        _world.Disk.IsBroken = true;   // a disk that failed has it written anew
        _world.Pass(TimeSpan.FromSeconds(2));
        _world.Disk.IsBroken = false;
        _world.Pass(TimeSpan.FromSeconds(7));
        Send(A, rules, 10);
        Assert.NotEqual(rewrites, _world.Disk.Rewrites);
        _world.KillAndStart();   // counted in both, and no longer on their way
        Assert.Equal(0, Left(B, rules));
        _world.Pass(TimeSpan.FromSeconds(7));
        Send(A, rules, 10);
        _world.KillAndStart();
        Assert.Equal(10, Left(B, rules));
    }

    [Fact]
    public async Task While_the_disk_fails_no_key_moves()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 1);
        _world.Disk.IsBroken = true;
        await Assert.ThrowsAsync<IOException>(() => _world.Groups.ForeseeMoveAsync(A, rules, B).AsTask());
    }

    [Fact]
    public void Tokens_that_came_along_after_the_sends_were_over_outlive_a_kill()
    {
        var rules = new GroupRules(Ten) { Quotas = [new Quota(QuotaDimension.Tokens, 1000, 60)] };
        Send(A, rules, 3);
        _world.Pass(TimeSpan.FromSeconds(5));   // no send counts any more under 10 in 3 s
        Move(A, B, rules);
        _world.KillAndStart();
        _world.Groups.Get(B, rules);
        Assert.InRange(Used(B), 30, 80);
    }

    [Fact]
    public void What_is_of_before_a_restart_goes_along_with_whoever_moves()
    {
        var rules = new GroupRules(new RateLimit(100, 1)) { Quotas = [new Quota(QuotaDimension.Requests, 50, Zone: TimeZoneInfo.Utc)] };
        Send(A, rules, 6);
        _world.Pass(TimeSpan.FromSeconds(5));
        _world.KillAndStart();
        Send(A, rules, 2, Other, OtherSecret);
        Send(A, rules, 2);
        Move(A, B, rules);
        Assert.InRange(Used(B), 8, 12);   // 6 of anybody's, a block that may have been used, and 2 of its own
    }

    [Fact]
    public void The_first_move_of_a_process_counts_what_the_one_before_it_sent()
    {
        var rules = new GroupRules(Ten);
        Send(A, rules, 10);
        _world.KillAndStart();
        Move(A, B, rules);
        Assert.Equal(0, Left(B, rules));
    }

    private static Entry EntryOf(Guid key, Guid source) =>
        new("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(1), Need: new QueryNeed(null, 5, 5, source), ApiKeyId: key);

    private Turn Enter(Guid group, GroupRules rules, Guid? key = null, Guid? source = null)
    {
        Assert.True(_world.Groups.Get(group, rules).Enter(EntryOf(key ?? Key, source ?? Secret)).TryGet(out var turn, out var refusal), refusal?.ToString());
        _world.Background();
        return turn;
    }

    private void Send(Guid group, GroupRules rules, int count, Guid? key = null, Guid? source = null)
    {
        for (var i = 0; i < count; i++)
            _world.Send(Enter(group, rules, key, source), rules.Limit);
    }

    private void Move(Guid from, Guid to, GroupRules rules)
    {
        _world.Groups.Move(from, rules, to, new MovingKeys(new HashSet<Guid> { Key }, Secret, Secret, null, rules));
        _world.Background();
    }

    private int Left(Guid group, GroupRules rules) => _world.Groups.Get(group, rules).Remaining;

    private long Used(Guid group) => UsedOf(group)[0];

    private long[] UsedOf(Guid group) => [.. _world.Groups.Get(group, Ten).Status().Quotas.Select(quota => quota.Used)];
}
