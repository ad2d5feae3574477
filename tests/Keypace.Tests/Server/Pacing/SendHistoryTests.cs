using Keypace.Domain.Keys;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Tests.Server.Pacing;

public sealed class SendHistoryTests
{
    private const long Second = 1_000_000_000;
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000002");

    [Fact]
    public void Sends_stand_in_the_bucket_of_their_time_and_leave_after_three_intervals()
    {
        var history = new SendHistory(60 * Second);
        history.Note("t", "a", (100 * Second) + 1);
        history.Note("t", "b", 101 * Second);
        history.Note("t", "b", 101 * Second);

        var view = history.View(102 * Second);
        Assert.Equal([("t", "a"), ("t", "b")], view.Callers);
        Assert.Equal((180, Second, 102 * Second), (view.Sends.Count, view.Bucket, view.NewestAt));
        Assert.Equal([[1, 0], [0, 2], [0, 0]], view.Sends.TakeLast(3));
        Assert.Equal(3, view.Sends.Sum(row => row.Sum()));

        Assert.Equal([("t", "b")], history.View(280 * Second).Callers);
        Assert.False(history.IsOver(280 * Second));
        Assert.True(history.IsOver(282 * Second));
        Assert.Empty(history.View(290 * Second).Callers);
    }

    [Fact]
    public void Whatever_the_order_and_gaps_the_sum_is_what_was_sent_lately()
    {
        var random = new Random(20261125);
        var history = new SendHistory(10 * Second);
        var sent = new List<(string Caller, long Bucket)>();
        var now = 0L;   // a clock that begins at zero has negative buckets behind it
        for (var i = 0; i < 5_000; i++)
        {
            now += random.NextInt64(random.Next(20) == 0 ? 20 * Second : Second / 5);
            var caller = $"c{random.Next(5)}";
            history.Note("t", caller, now);
            sent.Add((caller, now / (Second / 6)));
            if (i % 50 == 0)
            {
                var view = history.View(now);
                var oldest = (now / view.Bucket) - SendHistory.Buckets;
                for (var at = 0; at < view.Callers.Count; at++)
                    Assert.Equal(sent.Count(one => one.Caller == view.Callers[at].Caller && one.Bucket > oldest), view.Sends.Sum(row => row[at]));
            }
        }
    }

    [Fact]
    public void Many_callers_share_a_line_and_the_memory_is_bounded()
    {
        var history = new SendHistory(60 * Second);
        for (var i = 0; i < 1_000; i++)
            history.Note("t", $"caller {i}", 100 * Second);

        var view = history.View(100 * Second);

        Assert.Equal(SendHistory.MostCallers + 1, view.Callers.Count);
        Assert.Equal(("", ""), view.Callers[^1]);
        Assert.Equal(1_000, view.Sends[^1].Sum());
        Assert.Equal(1_000 - SendHistory.MostCallers, view.Sends[^1][^1]);

        history.Note("t", "late", 400 * Second);
        Assert.Contains(("t", "late"), history.View(400 * Second).Callers);
    }

    [Fact]
    public void A_group_that_was_dropped_and_made_again_still_shows_its_past()
    {
        var world = new PacingWorld();
        var limit = new RateLimit(5, 10);
        for (var i = 0; i < 3; i++)
        {
            world.Send(world.Turn(Key, limit, caller: "kept"), limit);
            world.Background();   // more than a standing credit is granted once the journal is on the disk
        }

        world.Pass(TimeSpan.FromSeconds(21));   // groups are looked at every ten seconds
        Assert.False(world.Groups.TryGet(Key, out _));

        world.Send(world.Turn(Key, limit, caller: "new"), limit);

        var history = world.Groups.Get(Key, limit).Status().History!;
        Assert.Equal(["kept", "new"], history.Callers.Select(caller => caller.Caller));
        Assert.Equal(4, history.Sends.Sum(row => row.Sum()));
    }
}
