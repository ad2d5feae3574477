using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Tests.Domain.Pacing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Pacing;

/// <summary>The journal as a file: what a torn, damaged, foreign or missing one means, how it is written anew, and a disk that fails.</summary>
public sealed class JournalFileTests : JournalTests
{
    [Fact]
    public void A_journal_that_was_copied_back_is_an_unknown_past()
    {
        World.Burst(Key, Ten, 1);
        var disk = World.Disk.AfterKill();
        disk.FileId = "a copy";
        var group = Restart(disk, isStoreNew: false).Get(Other, Ten);
        Assert.Equal(0, group.Remaining);
        Assert.Equal(World.Time.GetUtcNow() + TimeSpan.FromSeconds(60), group.Status().UnknownPastUntil);
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

    [Fact]
    public void A_torn_end_is_ignored()
    {
        World.Burst(Key, Ten, 1);
        var bytes = World.Disk.Read()!;
        var state = JournalReading.Of([.. bytes, .. "0badc0de A 0193f5a0"u8, 0, 0, 0]);
        Assert.True(state!.Groups[Key].IsRunning);
        Assert.True(JournalReading.Of(bytes.AsSpan(0, bytes.Length - 5))!.Groups.Count <= 1);
    }

    [Fact]
    public void Damage_in_the_middle_makes_every_key_wait_out_its_window()
    {
        World.Burst(Key, Ten, 1);
        var bytes = World.Disk.Read()!;
        bytes[bytes.AsSpan().IndexOf((byte)'\n') + 12] ^= 1;
        Assert.Null(JournalReading.Of(bytes));
        var disk = MemoryDisk.With(bytes);
        var group = Restart(disk, isStoreNew: false).Get(Other, Ten);
        Assert.Equal(0, group.Remaining);
        Assert.Equal(TimeSpan.FromSeconds(60), group.Outlook(new Entry("t", "", 1, default, TimeSpan.Zero)).Wait);
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

    [Fact]
    public void When_the_disk_fails_granting_stops_at_the_mark_and_goes_on_when_it_works_again()
    {
        var limit = new RateLimit(1, 1);
        var sent = 0;
        var waiting = new List<Turn>();
        void Traffic()
        {
            waiting.Add(World.Turn(Key, limit));
            foreach (var turn in waiting.Where(turn => turn.IsGranted).ToArray())
            {
                World.Send(turn, limit);
                waiting.Remove(turn);
                sent++;
            }
        }

        World.Pass(TimeSpan.FromSeconds(5), 100, Traffic);
        World.Disk.IsBroken = true;
        World.Pass(TimeSpan.FromSeconds(4), 100, Traffic);
        var atMark = sent;
        World.Pass(TimeSpan.FromSeconds(10), 100, Traffic);
        Assert.Equal(atMark, sent);
        Assert.False(World.Enter(Other, limit, TimeSpan.Zero).TryGet(out var never, out _) && never.IsGranted);
        World.Disk.IsBroken = false;
        World.Pass(TimeSpan.FromSeconds(5), 100, Traffic);
        Assert.InRange(sent - atMark, 3, 5);
        World.KillAndStart();
        Assert.Equal(0, World.Groups.Get(Key, limit).Remaining);
    }

    [Fact]
    public void A_long_journal_is_written_anew_and_still_says_the_same()
    {
        var keys = Enumerable.Range(0, 50).Select(i => new Guid(i, 0, 0, [0, 0, 0, 0, 0, 0, 0, 1])).ToArray();
        var limit = new RateLimit(1000, 2);
        World.Pass(TimeSpan.FromSeconds(120), 500, () => Array.ForEach(keys, key => World.Burst(key, limit, 1)));
        var lines = World.Disk.Rewrites;
        World.Pass(TimeSpan.FromSeconds(120), 1000, () => Array.ForEach(keys, key => World.Burst(key, limit, 1)));
        Assert.InRange(World.Disk.Rewrites - lines, 1, 50);
        Assert.InRange(World.Disk.Read()!.Length, 1000, 600_000);
        World.KillAndStart();
        Assert.All(keys, key => Assert.InRange(World.Groups.Get(key, limit).Remaining, 940, 999));   // three were sent, a block may be lost
    }

    [Fact]
    public void What_is_noted_while_the_journal_is_written_anew_is_not_lost()
    {
        World.Burst(Key, Ten, 1);
        World.Disk.IsBroken = true;
        World.Pass(TimeSpan.FromSeconds(2), 100);
        World.Disk.IsBroken = false;
        World.Pass(TimeSpan.FromSeconds(2), 100);   // mended: a file of its own again
        var limit = new RateLimit(1000, 2);
        World.Disk.DuringRewrite = () => World.Burst(Other, Ten, 1);
        var rewrites = World.Disk.Rewrites;
        for (var i = 0; World.Disk.Rewrites == rewrites; i++)
        {
            Assert.True(i < 20_000, "It was never written anew.");
            World.Pass(TimeSpan.FromSeconds(1), 1000, () => World.Burst(Key, limit, 1));
        }

        World.KillAndStart();
        Assert.InRange(World.Groups.Get(Other, Ten).Remaining, 8, 9);
    }

    [Fact]
    public void Idle_keys_write_nothing()
    {
        World.Burst(Key, Ten, 1);
        World.Pass(TimeSpan.FromSeconds(4), 100);
        var length = World.Disk.Read()!.Length;
        World.Pass(TimeSpan.FromSeconds(30), 100);
        Assert.Equal(length, World.Disk.Read()!.Length);
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
}
