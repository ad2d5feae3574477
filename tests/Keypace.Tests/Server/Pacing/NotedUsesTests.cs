using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What the journal says of limits beside the rate limit, from one process to the next.</summary>
public sealed class NotedUsesTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly GroupRules Tokens = new(new RateLimit(100, 60)) { Quotas = [new Quota(QuotaDimension.Tokens, 1_000, 60)] };
    private readonly PacingWorld _world = new();

    [Fact]
    public void What_runs_at_a_kill_counts_as_it_was_reserved_and_what_is_over_as_it_was_used()
    {
        var (done, running) = (Sent(Tokens, 10, 90), Sent(Tokens, 10, 190));
        done.Settle(10, 20);
        done.Ended();
        _world.Pass(TimeSpan.FromSeconds(3));
        _world.KillAndStart();
        // 30 used, 200 reserved, and the credit of a twentieth, which nobody knows of.
        Assert.InRange(Used(Tokens), 230, 280);
        _world.KillAndStart();
        Assert.InRange(Used(Tokens), 230, 280);   // nothing is forgotten, nothing is counted twice
        _world.Pass(TimeSpan.FromSeconds(62));
        Assert.Equal(0, Used(Tokens));
        Assert.False(running.IsGranted);
    }

    [Fact]
    public async Task After_a_stop_an_answer_that_still_ended_counts_as_it_was_used()
    {
        var (ended, cut) = (Sent(Tokens, 10, 490), Sent(Tokens, 10, 90));
        await _world.Groups.StopAsync();
        ended.Settle(10, 20);
        ended.Ended();
        _world.Journal.Dispose();
        _world.Start();
        Assert.Equal(130, Used(Tokens));
        Assert.Equal(TicketState.Sent, cut.State);
    }

    [Fact]
    public void A_query_larger_than_the_block_waits_for_its_own_and_no_longer_than_the_disk_takes()
    {
        var rules = Tokens with { Quotas = [new Quota(QuotaDimension.Tokens, 1_000, 3_600)] };
        _world.BackgroundRuns = () => false;
        var turn = Enter(rules, 10, 890);
        Assert.False(turn.IsGranted);   // the standing credit is 50
        _world.BackgroundRuns = () => true;
        _world.Background();
        Assert.True(turn.IsGranted);
    }

    [Fact]
    public void Where_limits_are_short_the_first_query_waits_for_no_disk()
    {
        _world.BackgroundRuns = () => false;
        Assert.True(Enter(Tokens, 10, 890).IsGranted);
        Assert.False(Enter(Tokens, 10, 80).IsGranted);   // the next block does
        _world.LosePowerAndStart(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.InRange(Used(Tokens), 900, 1_000);
    }

    [Fact]
    public void Queries_that_run_at_a_kill_count_as_running_until_they_are_certainly_over()
    {
        var rules = Tokens with { Quotas = [new Quota(QuotaDimension.Concurrent, 3)] };
        var turns = Enumerable.Range(0, 3).Select(_ => Sent(rules, 0, 0)).ToArray();
        _world.Pass(TimeSpan.FromSeconds(5));
        turns[0].Ended();
        _world.Pass(TimeSpan.FromSeconds(4));   // it rests: no credit besides
        _world.KillAndStart();
        Assert.Equal(2, Used(rules));
        _world.Pass(TimeSpan.FromSeconds(1));
        _world.KillAndStart();
        Assert.Equal(2, Used(rules));   // a second kill ends nothing at the hub either
        _world.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(0, Used(rules));   // no answer took longer than five seconds
    }

    [Fact]
    public void After_a_power_failure_a_day_loses_a_block_and_a_minute_is_full()
    {
        var rules = Tokens with { Quotas = [new Quota(QuotaDimension.Tokens, 1_000, 60), new Quota(QuotaDimension.Tokens, 10_000, 86_400)] };
        Sent(rules, 10, 30);
        _world.Pass(TimeSpan.FromMilliseconds(100));
        _world.LosePowerAndStart(TimeSpan.Zero, TimeSpan.FromSeconds(1));
        var used = _world.Groups.Get(Key, rules).Status().Quotas.Select(quota => quota.Used).ToArray();
        Assert.Equal(1_000, used[0]);
        Assert.InRange(used[1], 40, 200);
    }

    [Fact]
    public void A_journal_of_before_there_were_uses_is_read_and_records_tell_what_it_cannot()
    {
        var id = Key.ToString("N");
        string[] lines =
        [
            "P 1 boot-1 0 600000000000", "U -9223372036854775808", "M 1000000000 4000000000", $"A {id} 100 60 0 1000000000 4000000000 5",
            $"B {id} 100 60 0 2000000000 5 1500000000x2 400000000",
        ];
        var state = JournalReading.Of(Encoding.ASCII.GetBytes(string.Concat(lines.Select(line => Encoding.ASCII.GetString(JournalLine.Of($"{line}"))))));
        Assert.NotNull(state);
        Assert.Equal(3, state.Groups[Key].Runs.Sum(run => run.Count));
        Assert.Null(state.Groups[Key].Uses);
        Assert.Equal(long.MaxValue, state.UsesKnownSince);
        Assert.Equal(5_000_000_000, new Rebirth(state, "boot-1", 5_000_000_000, 605_000_000_000).State(isStoreNew: false).UsesKnownSince);
    }

    [Fact]
    public void A_line_says_what_it_was_told_whatever_a_model_is_called()
    {
        var (model, source) = ("org/größtes modell.v1 -x", Guid.Parse("5ac1e17e-0000-7000-8000-00000000a001"));
        var state = new JournalState { BootId = "b" };
        var group = new GroupPast(Tokens.Limit, 0) { Uses = new NotedUses { TokenCredit = 7, LongestRun = 9 } };
        group.Uses.KeepFor(60 * SendWindow.Second);
        group.Uses.Add([new UseNote(UseKind.Sent, 1, 5, 1, 10, 20, model) { Source = source }, new UseNote(UseKind.Sent, 2, 6, 1, 1, 2)], 10, 1_000);
        group.Uses.Add([new UseNote(UseKind.Settled, 2, 0, 1, 3, 4), new UseNote(UseKind.Ended, 2, 8), new UseNote(UseKind.Ended, 99, 8)], 10, 1_000);
        group.Uses.Unknown.Add(new NotedUnknown(4, 999, 2, 50, IsLast: true));
        group.Uses.Left.Add(new LeftRunning(77, 2, model, Source: source));
        state.Groups.Add(Key, group);
        var read = JournalReading.Of(state.ToBytes(10, 1_000, "f"))!.Groups[Key].Uses!;
        Assert.Equal([new NotedUse(5, 1_000, model, source, 1, 10, 20)], read.Running.Values);
        Assert.Equal([new NotedUse(6, 1_000, null, default, 1, 3, 4)], read.Over);
        Assert.Equal(group.Uses.Unknown, read.Unknown);
        Assert.Equal(group.Uses.Left, read.Left);
        Assert.Equal((7L, 9L, group.Uses.Keep), (read.TokenCredit, read.LongestRun, read.Keep));
    }

    private Turn Enter(GroupRules rules, long input, long output)
    {
        _world.Disk.IsQueryRunning = true;
        var admission = _world.Groups.Get(Key, rules).Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(1), Need: new QueryNeed("m", input, output)));
        _world.Disk.IsQueryRunning = false;
        Assert.True(admission.TryGet(out var turn, out _));
        return turn;
    }

    private Turn Sent(GroupRules rules, long input, long output)
    {
        var turn = Enter(rules, input, output);
        _world.Background();
        turn.Leaving();
        turn.Sent();
        return turn;
    }

    private long Used(GroupRules rules) => _world.Groups.Get(Key, rules).Status().Quotas[0].Used;
}
