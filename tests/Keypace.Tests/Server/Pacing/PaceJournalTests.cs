using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Tests.Domain.Pacing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Pacing;

public sealed class PaceJournalTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly Guid Other = new("0193f5a0-0000-7000-8000-000000000002");
    private static readonly RateLimit Ten = new(10, 60);
    private readonly PacingWorld _world = new();

    [Fact]
    public async Task A_clean_stop_saves_the_window_exactly()
    {
        Assert.Equal(4, _world.Burst(Key, Ten, 4));
        _world.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(3, _world.Burst(Key, Ten, 3));
        await _world.Groups.StopAsync();
        _world.Start();
        Assert.Equal(3, _world.Groups.Get(Key, Ten).Remaining);
        Assert.Equal(10, _world.Groups.Get(Other, Ten).Remaining);
        _world.Pass(TimeSpan.FromSeconds(50));
        Assert.Equal(7, _world.Groups.Get(Key, Ten).Remaining);
    }

    [Fact]
    public async Task What_a_clean_stop_saved_outlives_a_kill_before_the_key_is_used_again()
    {
        _world.Burst(Key, Ten, 4);
        await _world.Groups.StopAsync();
        _world.Start();
        _world.KillAndStart();
        Assert.Equal(6, _world.Groups.Get(Key, Ten).Remaining);
    }

    [Fact]
    public async Task After_a_clean_reboot_only_the_time_since_the_boot_has_certainly_passed()
    {
        _world.Burst(Key, Ten, 4);
        _world.Pass(TimeSpan.FromSeconds(5));
        await _world.Groups.StopAsync();
        _world.Reboot(down: TimeSpan.FromHours(8), booting: TimeSpan.FromSeconds(20));
        _world.Start();
        Assert.Equal(6, _world.Groups.Get(Key, Ten).Remaining);
        Assert.Equal(10, _world.Groups.Get(Other, Ten).Remaining);
        _world.Pass(TimeSpan.FromSeconds(35));
        Assert.Equal(10, _world.Groups.Get(Key, Ten).Remaining);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Killed_at_any_moment_no_window_is_over(bool losesPower)
    {
        var seeds = Environment.GetEnvironmentVariable("KEYPACE_CAMPAIGN") == "1" ? 2000 : 100;
        var sends = 0;
        for (var seed = 1; seed <= seeds; seed++)
        {
            var chance = new Random(seed);
            var limits = new[] { new RateLimit(1 + chance.Next(40), 1 + chance.Next(8)), new RateLimit(1 + chance.Next(3), 1 + chance.Next(20)) };
            var world = new PacingWorld();
            world.BackgroundRuns = () => chance.Next(4) == 0;
            var waiting = new List<(Turn Turn, int Group)>();
            var departures = new[] { new List<Departure>(), new List<Departure>() };
            var (mayBeLost, mostOut) = (new int[2], new int[2]);
            for (var life = 0; life < 6; life++)
            {
                var isQuiet = chance.Next(3) == 0;
                world.Pass(TimeSpan.FromMilliseconds(chance.Next(12_000)), stepMs: 50, each: () =>
                {
                    world.Disk.IsBroken = chance.Next(50) == 0 || (world.Disk.IsBroken && chance.Next(40) != 0);
                    for (var group = 0; group < 2; group++)
                    {
                        var arrivals = isQuiet ? chance.Next(40) == 0 ? 1 : 0 : chance.Next(4);
                        for (; arrivals > 0 && waiting.Count < 100; arrivals--)
                        {
                            waiting.Add((world.Turn(group == 0 ? Key : Other, limits[group]), group));
                        }
                    }

                    for (var group = 0; group < 2; group++)
                    {
                        mostOut[group] = Math.Max(mostOut[group], waiting.Count(entry => entry.Group == group && entry.Turn.IsGranted));
                    }

                    foreach (var (turn, group) in waiting.Where(entry => entry.Turn.IsGranted && chance.Next(4) != 0).ToArray())
                    {
                        world.Send(turn, limits[group]);
                        departures[group].Add(world.Departures[^1]);
                        waiting.Remove((turn, group));
                    }
                });
                waiting.Clear();
                world.Disk.IsBroken = false;
                var down = TimeSpan.FromMilliseconds(chance.Next(2) == 0 ? 0 : chance.Next(5000));
                if (losesPower)
                {
                    world.LosePowerAndStart(down, booting: TimeSpan.FromMilliseconds(chance.Next(5000)), tornBytes: chance.Next(60));
                }
                else
                {
                    world.KillAndStart(down);
                    for (var group = 0; group < 2; group++)
                    {
                        // At most one block is lost a kill, and permits that were out.
                        var limit = limits[group];
                        mayBeLost[group] += StandingCredit.Of(limit, []) + mostOut[group];
                        mostOut[group] = 0;
                        var sent = departures[group].Count(departure => departure.At > world.RealNow - (limit.Seconds * SendWindow.Second));
                        var counted = limit.Count - world.Groups.Get(group == 0 ? Key : Other, limit).Remaining;
                        Assert.True(counted - sent <= mayBeLost[group], $"{limit}: {counted} count, {sent} were sent, {mayBeLost[group]} may be lost: seed {seed}, life {life}.");
                    }
                }
            }

            for (var group = 0; group < 2; group++)
            {
                sends += departures[group].Count;
                Assert.True(WindowChecker.FirstOver(departures[group], limits[group]) is null, $"{limits[group]} is over: seed {seed}.");
            }
        }

        Assert.True(sends > seeds * 50, $"Only {sends} sends: the lives prove little.");
    }

    [Fact]
    public void A_key_in_use_waits_out_its_window_after_a_kill_and_no_longer()
    {
        _world.Burst(Key, Ten, 4);
        _world.KillAndStart();
        var group = _world.Groups.Get(Key, Ten);
        Assert.InRange(group.Remaining, 5, 6);   // one block may be lost
        Assert.Equal(10, _world.Groups.Get(Other, Ten).Remaining);
        Assert.Equal(_world.Time.GetUtcNow() + TimeSpan.FromSeconds(60), group.Status().UnknownPastUntil);
        _world.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(10, _world.Groups.Get(Key, Ten).Remaining);
        Assert.Null(_world.Groups.Get(Key, Ten).Status().UnknownPastUntil);
    }

    [Fact]
    public void A_key_that_has_come_to_rest_loses_nothing_in_a_kill()
    {
        _world.Burst(Key, Ten, 4);
        _world.Pass(TimeSpan.FromSeconds(2.5));
        _world.KillAndStart();
        Assert.Equal(6, _world.Groups.Get(Key, Ten).Remaining);
        Assert.Null(_world.Groups.Get(Key, Ten).Status().UnknownPastUntil);
    }

    [Fact]
    public void A_large_limit_keeps_few_stamps_and_loses_one_block_in_a_kill()
    {
        var large = new RateLimit(100_000, 3600);
        Assert.Equal(10_000, _world.Burst(Key, large, 10_000));
        Assert.InRange(_world.Disk.Read()!.Length, 100, 10_000);
        _world.KillAndStart();
        Assert.InRange(_world.Groups.Get(Key, large).Remaining, 85_000, 90_000);
    }

    [Fact]
    public void A_journal_that_was_copied_back_is_an_unknown_past()
    {
        _world.Burst(Key, Ten, 1);
        var disk = _world.Disk.AfterKill();
        disk.FileId = "a copy";
        var group = Restart(disk, isStoreNew: false).Get(Other, Ten);
        Assert.Equal(0, group.Remaining);
        Assert.Equal(_world.Time.GetUtcNow() + TimeSpan.FromSeconds(60), group.Status().UnknownPastUntil);
    }

    [Fact]
    public void A_journal_of_the_version_before_counts_a_whole_window_for_those_that_ran()
    {
        var id = Key.ToString("N");
        byte[] old = [
            .. JournalLine.Of($"P 1 boot-1 0 0"), .. JournalLine.Of($"U {long.MinValue} {long.MinValue}"), .. JournalLine.Of($"M 5 9"),
            .. JournalLine.Of($"A {id} 10 60 0 7 9")];
        var state = JournalReading.Of(old)!;
        Assert.Equal(GroupPast.Unbounded, state.Groups[Key].Credit);
        Assert.Equal(9, new Rebirth(state, "boot-1", now: 20, uptime: 20).State(isStoreNew: false).Groups[Key].FullAt);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public void A_key_that_was_idle_for_its_interval_never_waits_after_a_kill(int seconds)
    {
        var limit = new RateLimit(10, seconds);
        _world.Burst(Key, limit, 10);
        _world.Pass(TimeSpan.FromSeconds(seconds));
        Assert.Equal(10, _world.Groups.Get(Key, limit).Remaining);
        _world.KillAndStart();
        Assert.Equal(10, _world.Groups.Get(Key, limit).Remaining);
        Assert.Equal(10, _world.Burst(Key, limit, 11));
    }

    [Fact]
    public void After_a_power_failure_an_idle_key_counts_its_standing_credit_since_the_boot()
    {
        var limit = new RateLimit(60, 60);
        _world.LosePowerAndStart(TimeSpan.FromHours(1), booting: TimeSpan.FromSeconds(20));
        Assert.Equal(57, _world.Groups.Get(Key, limit).Remaining);
        _world.Pass(TimeSpan.FromSeconds(40));
        Assert.Equal(60, _world.Groups.Get(Key, limit).Remaining);
    }

    [Fact]
    public void A_torn_end_is_ignored()
    {
        _world.Burst(Key, Ten, 1);
        var bytes = _world.Disk.Read()!;
        var state = JournalReading.Of([.. bytes, .. "0badc0de A 0193f5a0"u8, 0, 0, 0]);
        Assert.True(state!.Groups[Key].IsRunning);
        Assert.True(JournalReading.Of(bytes.AsSpan(0, bytes.Length - 5))!.Groups.Count <= 1);
    }

    [Fact]
    public void Damage_in_the_middle_makes_every_key_wait_out_its_window()
    {
        _world.Burst(Key, Ten, 1);
        var bytes = _world.Disk.Read()!;
        bytes[bytes.AsSpan().IndexOf((byte)'\n') + 12] ^= 1;
        Assert.Null(JournalReading.Of(bytes));
        var disk = MemoryDisk.With(bytes);
        var group = Restart(disk, isStoreNew: false).Get(Other, Ten);
        Assert.Equal(0, group.Remaining);
        Assert.Equal(TimeSpan.FromSeconds(60), group.ExpectedWait(new Entry("t", "", 1, default, TimeSpan.Zero)));
    }

    [Fact]
    public void Without_a_journal_a_new_store_waits_for_nothing_and_a_used_one_for_a_window()
    {
        Assert.Equal(10, Restart(new MemoryDisk(), isStoreNew: true).Get(Key, Ten).Remaining);
        Assert.Equal(0, Restart(new MemoryDisk(), isStoreNew: false).Get(Key, Ten).Remaining);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a journal\n")]
    [InlineData("P 1 boot 0 0\n")]
    public void Anything_else_is_not_a_journal(string text) => Assert.Null(JournalReading.Of(Encoding.ASCII.GetBytes(text)));

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_wall_clock_set_by_a_day_changes_nothing(int days)
    {
        _world.Burst(Key, Ten, 10);
        _world.Pass(TimeSpan.FromSeconds(5));
        _world.Time.WallStep = TimeSpan.FromDays(days);
        Assert.Equal(0, _world.Groups.Get(Key, Ten).Remaining);
        _world.KillAndStart();
        Assert.Equal(TimeSpan.FromSeconds(55), _world.Groups.Get(Key, Ten).ExpectedWait(new Entry("t", "", 1, default, TimeSpan.Zero)));
    }

    [Fact]
    public void A_monotonic_clock_that_runs_ahead_of_the_machine_is_not_believed()
    {
        var before = new JournalState { BootId = "a", Began = 1000, BeganUptime = 1000, Latest = 2000 };
        before.Groups.Add(Key, new GroupPast(Ten, 0) { FullAt = 2000 });
        const long Day = 86_400_000_000_000;
        var honest = new Rebirth(before, "a", now: 5000, uptime: 5000).State(isStoreNew: false);
        var faked = new Rebirth(before, "a", now: 5000 + Day, uptime: 5000).State(isStoreNew: false);
        Assert.Equal(2000, honest.Groups[Key].FullAt);
        Assert.Equal(2000 + Day, faked.Groups[Key].FullAt);
    }

    [Fact]
    public void When_the_disk_fails_granting_stops_at_the_mark_and_goes_on_when_it_works_again()
    {
        var limit = new RateLimit(1, 1);
        var sent = 0;
        var waiting = new List<Turn>();
        void Traffic()
        {
            waiting.Add(_world.Turn(Key, limit));
            foreach (var turn in waiting.Where(turn => turn.IsGranted).ToArray())
            {
                _world.Send(turn, limit);
                waiting.Remove(turn);
                sent++;
            }
        }

        _world.Pass(TimeSpan.FromSeconds(5), 100, Traffic);
        _world.Disk.IsBroken = true;
        _world.Pass(TimeSpan.FromSeconds(4), 100, Traffic);
        var atMark = sent;
        _world.Pass(TimeSpan.FromSeconds(10), 100, Traffic);
        Assert.Equal(atMark, sent);
        Assert.False(_world.Enter(Other, limit, TimeSpan.Zero).TryGet(out var never, out _) && never.IsGranted);
        _world.Disk.IsBroken = false;
        _world.Pass(TimeSpan.FromSeconds(5), 100, Traffic);
        Assert.InRange(sent - atMark, 3, 5);
        _world.KillAndStart();
        Assert.Equal(0, _world.Groups.Get(Key, limit).Remaining);
    }

    [Fact]
    public void A_long_journal_is_written_anew_and_still_says_the_same()
    {
        var keys = Enumerable.Range(0, 50).Select(i => new Guid(i, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1])).ToArray();
        var limit = new RateLimit(1000, 2);
        _world.Pass(TimeSpan.FromSeconds(120), 500, () => Array.ForEach(keys, key => _world.Burst(key, limit, 1)));
        var lines = _world.Disk.Rewrites;
        _world.Pass(TimeSpan.FromSeconds(120), 1000, () => Array.ForEach(keys, key => _world.Burst(key, limit, 1)));
        Assert.InRange(_world.Disk.Rewrites - lines, 1, 50);
        Assert.InRange(_world.Disk.Read()!.Length, 1000, 600_000);
        _world.KillAndStart();
        Assert.All(keys, key => Assert.InRange(_world.Groups.Get(key, limit).Remaining, 940, 999));   // three were sent, a block may be lost
    }

    [Fact]
    public void What_is_noted_while_the_journal_is_written_anew_is_not_lost()
    {
        _world.Burst(Key, Ten, 1);
        _world.Disk.IsBroken = true;
        _world.Pass(TimeSpan.FromSeconds(2), 100);
        _world.Disk.IsBroken = false;
        _world.Pass(TimeSpan.FromSeconds(2), 100);   // mended: a file of its own again
        var limit = new RateLimit(1000, 2);
        _world.Disk.DuringRewrite = () => _world.Burst(Other, Ten, 1);
        var rewrites = _world.Disk.Rewrites;
        for (var i = 0; _world.Disk.Rewrites == rewrites; i++)
        {
            Assert.True(i < 20_000, "It was never written anew.");
            _world.Pass(TimeSpan.FromSeconds(1), 1000, () => _world.Burst(Key, limit, 1));
        }

        _world.KillAndStart();
        Assert.InRange(_world.Groups.Get(Other, Ten).Remaining, 8, 9);
    }

    [Fact]
    public void Idle_keys_write_nothing()
    {
        _world.Burst(Key, Ten, 1);
        _world.Pass(TimeSpan.FromSeconds(4), 100);
        var length = _world.Disk.Read()!.Length;
        _world.Pass(TimeSpan.FromSeconds(30), 100);
        Assert.Equal(length, _world.Disk.Read()!.Length);
    }

    [Fact]
    public void The_file_is_for_its_owner_only_and_is_found_again()
    {
        var folder = Directory.CreateTempSubdirectory("keypace-journal-");
        try
        {
            var disk = new JournalDisk(folder.FullName);
            string id;
            using (var file = disk.Create())
            {
                file.Append("hello"u8);
                file.Flush();
                disk.Replace(file);
                disk.SyncFolder();
                file.Append("!"u8);
                id = file.Id;
            }

            Assert.Equal("hello!"u8.ToArray(), disk.Read());
            if (OperatingSystem.IsLinux())
            {
                var copy = Path.Combine(folder.FullName, "copy");
                File.Copy(Path.Combine(folder.FullName, "pacing.journal"), copy);
                Assert.Equal(id, disk.FileId);
                Assert.NotEqual(id, FileIdentity.Of(copy));
                Assert.NotEmpty(id);
                File.Delete(copy);
            }

            var path = Path.Combine(folder.FullName, "pacing.journal");
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
            Assert.Equal([path], Directory.GetFiles(folder.FullName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private RateGroups Restart(MemoryDisk disk, bool isStoreNew) =>
        new(_world.Options, _world.Time, PaceJournal.Open(disk, _world, _world.Time, isStoreNew, NullLogger<PaceJournal>.Instance, work => work()));
}
