using System.Text;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Keypace.Tests.Server.Pacing;

/// <summary>Sends that no line on the disk tells of when the power goes: each failure may hide a standing credit.</summary>
public sealed class PowerFailureTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly Guid Other = new("0193f5a0-0000-7000-8000-000000000002");
    private readonly PacingWorld _world = new();

    [Fact]
    public void Each_failure_within_an_interval_counts_a_credit_of_its_own()
    {
        var limit = new RateLimit(40, 60);   // a standing credit of 2
        _world.BackgroundRuns = () => false;   // nothing reaches the disk
        var sent = 0;
        for (var failure = 0; failure < 3; failure++)
        {
            var granted = _world.Burst(Key, limit, 5);
            Assert.InRange(granted, 1, 2);
            sent += granted;
            _world.LosePowerAndStart(TimeSpan.Zero, booting: TimeSpan.FromSeconds(1));
        }

        Assert.Equal(6, sent);
        Assert.Equal(40 - sent, _world.Groups.Get(Key, limit).Remaining);
        _world.KillAndStart();
        Assert.Equal(40 - sent, _world.Groups.Get(Key, limit).Remaining);
        _world.Pass(TimeSpan.FromSeconds(60));
        Assert.Equal(40, _world.Groups.Get(Key, limit).Remaining);
    }

    [Fact]
    public void A_disk_that_stalls_lets_one_standing_credit_go_however_slowly_it_is_used()
    {
        var limit = new RateLimit(200, 600);   // a standing credit of 10
        var blocks = new Queue<Action>();   // they wait for nothing but the system
        var journal = PaceJournal.Open(
            _world.Disk,
            _world,
            new TimersStandStill(_world.Time),
            isStoreNew: true,
            NullLogger<PaceJournal>.Instance,
            later: work => (work.Method.Name == "Flush" ? new() : blocks).Enqueue(work));
        var groups = new RateGroups(_world.Options, _world.Time, journal);
        var sent = 0;
        for (var query = 0; query < 20; query++)
        {
            Assert.True(groups.Get(Key, limit).Enter(new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(1))).TryGet(out var turn, out _));
            if (turn.IsGranted)
            {
                turn.Leaving();
                turn.Sent();
                sent++;
            }

            turn.GiveBack();
            _world.Pass(
                TimeSpan.FromSeconds(3),   // long enough to come to rest
                100,
                () =>
                {
                    while (blocks.TryDequeue(out var work))
                        work();
                });
        }

        Assert.InRange(sent, 1, 10);
        _world.LosePowerAndStart(TimeSpan.Zero, booting: TimeSpan.FromSeconds(1));
        Assert.InRange(_world.Groups.Get(Key, limit).Remaining, 0, 200 - sent);
    }

    [Fact]
    public void A_machine_that_boots_over_and_over_keeps_a_short_file_and_counts_every_failure()
    {
        var limit = new RateLimit(10_000, 3600);   // a standing credit of 500
        for (var failure = 0; failure < 100; failure++)
            _world.LosePowerAndStart(TimeSpan.Zero, booting: TimeSpan.FromSeconds(1));

        Assert.Equal(0, _world.Groups.Get(Key, limit).Remaining);
        Assert.Equal(0, _world.Groups.Get(Key, new RateLimit(100, 3600)).Remaining);
        Assert.InRange(_world.Disk.Read()!.Length, 1, 2_000);
        _world.Pass(TimeSpan.FromSeconds(3601), 1000);
        Assert.Equal(10_000, _world.Groups.Get(Other, limit).Remaining);
    }

    [Theory]
    [InlineData("", 10)]                          // none
    [InlineData(" -9223372036854775808", 10)]     // none, as it was written before there could be several
    [InlineData(" 1000000000", 9)]
    [InlineData(" 1000000000 2000000000x3", 6)]
    public void Failures_are_read_as_they_were_written(string credits, int remaining)
    {
        var text = string.Concat(
            Line("P 1 boot-1 0 600000000000"), Line($"U -9223372036854775808{credits}"), Line("M 3000000000 3000000000"));
        var state = JournalReading.Of(Encoding.ASCII.GetBytes(text));
        Assert.NotNull(state);
        Assert.Equal(10 - remaining, state.UnknownCredits.Sum(one => one.Count));
        Assert.All(state.UnknownCredits, one => Assert.InRange(one.At, SendWindow.Second, 2 * SendWindow.Second));
    }

    private static string Line(string words) => Encoding.ASCII.GetString(JournalLine.Of($"{words}"));

    /// <summary>The journal's own flushes never end: nothing of it runs by itself.</summary>
    private sealed class TimersStandStill(TimeProvider inner) : TimeProvider
    {
        public override long TimestampFrequency => inner.TimestampFrequency;

        public override long GetTimestamp() => inner.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Inert();

        private sealed class Inert : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
