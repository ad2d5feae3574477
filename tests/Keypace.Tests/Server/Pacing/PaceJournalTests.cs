using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.Ledger;
using Keypace.Tests.Domain.Pacing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Pacing;

public sealed class PaceJournalTests : JournalTests
{
    [Fact]
    public async Task A_clean_stop_saves_the_window_exactly()
    {
        Assert.Equal(4, World.Burst(Key, Ten, 4));
        World.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(3, World.Burst(Key, Ten, 3));
        await World.Groups.StopAsync();
        World.Start();
        Assert.Equal(3, World.Groups.Get(Key, Ten).Remaining);
        Assert.Equal(10, World.Groups.Get(Other, Ten).Remaining);
        World.Pass(TimeSpan.FromSeconds(50));
        Assert.Equal(7, World.Groups.Get(Key, Ten).Remaining);
    }

    [Fact]
    public async Task What_a_clean_stop_saved_outlives_a_kill_before_the_key_is_used_again()
    {
        World.Burst(Key, Ten, 4);
        await World.Groups.StopAsync();
        World.Start();
        World.KillAndStart();
        Assert.Equal(6, World.Groups.Get(Key, Ten).Remaining);
    }

    [Fact]
    public async Task After_a_clean_reboot_only_the_time_since_the_boot_has_certainly_passed()
    {
        World.Burst(Key, Ten, 4);
        World.Pass(TimeSpan.FromSeconds(5));
        await World.Groups.StopAsync();
        World.Reboot(down: TimeSpan.FromHours(8), booting: TimeSpan.FromSeconds(20));
        World.Start();
        Assert.Equal(6, World.Groups.Get(Key, Ten).Remaining);
        Assert.Equal(10, World.Groups.Get(Other, Ten).Remaining);
        World.Pass(TimeSpan.FromSeconds(35));
        Assert.Equal(10, World.Groups.Get(Key, Ten).Remaining);
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
                            waiting.Add((world.Turn(group == 0 ? Key : Other, limits[group]), group));
                    }

                    for (var group = 0; group < 2; group++)
                        mostOut[group] = Math.Max(mostOut[group], waiting.Count(entry => entry.Group == group && entry.Turn.IsGranted));

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
        World.Burst(Key, Ten, 4);
        World.KillAndStart();
        var group = World.Groups.Get(Key, Ten);
        Assert.InRange(group.Remaining, 5, 6);   // one block may be lost
        Assert.Equal(10, World.Groups.Get(Other, Ten).Remaining);
        Assert.Equal(World.Time.GetUtcNow() + TimeSpan.FromSeconds(60), group.Status().UnknownPastUntil);
        World.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(10, World.Groups.Get(Key, Ten).Remaining);
        Assert.Null(World.Groups.Get(Key, Ten).Status().UnknownPastUntil);
    }

    [Fact]
    public void A_key_that_has_come_to_rest_loses_nothing_in_a_kill()
    {
        World.Burst(Key, Ten, 4);
        World.Pass(TimeSpan.FromSeconds(2.5));
        World.KillAndStart();
        Assert.Equal(6, World.Groups.Get(Key, Ten).Remaining);
        Assert.Null(World.Groups.Get(Key, Ten).Status().UnknownPastUntil);
    }

    [Fact]
    public void A_large_limit_keeps_few_stamps_and_loses_one_block_in_a_kill()
    {
        var large = new RateLimit(100_000, 3600);
        Assert.Equal(10_000, World.Burst(Key, large, 10_000));
        Assert.InRange(World.Disk.Read()!.Length, 100, 10_000);
        World.KillAndStart();
        Assert.InRange(World.Groups.Get(Key, large).Remaining, 85_000, 90_000);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    public void A_key_that_was_idle_for_its_interval_never_waits_after_a_kill(int seconds)
    {
        var limit = new RateLimit(10, seconds);
        World.Burst(Key, limit, 10);
        World.Pass(TimeSpan.FromSeconds(seconds));
        Assert.Equal(10, World.Groups.Get(Key, limit).Remaining);
        World.KillAndStart();
        Assert.Equal(10, World.Groups.Get(Key, limit).Remaining);
        Assert.Equal(10, World.Burst(Key, limit, 11));
    }

    [Fact]
    public void After_a_power_failure_an_idle_key_counts_its_standing_credit_since_the_boot()
    {
        var limit = new RateLimit(60, 60);
        World.LosePowerAndStart(TimeSpan.FromHours(1), booting: TimeSpan.FromSeconds(20));
        Assert.Equal(57, World.Groups.Get(Key, limit).Remaining);
        World.Pass(TimeSpan.FromSeconds(40));
        Assert.Equal(60, World.Groups.Get(Key, limit).Remaining);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_wall_clock_set_by_a_day_changes_nothing(int days)
    {
        World.Burst(Key, Ten, 10);
        World.Pass(TimeSpan.FromSeconds(5));
        World.Time.WallStep = TimeSpan.FromDays(days);
        Assert.Equal(0, World.Groups.Get(Key, Ten).Remaining);
        World.KillAndStart();
        Assert.Equal(TimeSpan.FromSeconds(55), World.Groups.Get(Key, Ten).Outlook(new Entry("t", "", 1, default, TimeSpan.Zero)).Wait);
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
}
