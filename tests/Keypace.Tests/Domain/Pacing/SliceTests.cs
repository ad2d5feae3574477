using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class SliceTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void Neither_the_window_nor_a_slice_is_ever_over_and_every_expected_start_is_exact()
    {
        var first = Traces.FirstSeed();
        for (var seed = first; seed < first + Traces.Count(500, 20_000); seed++)
        {
            var chance = new Random(seed);
            var limit = new RateLimit(1 + chance.Next(40), 1 + chance.Next(20));
            var (most, span) = (1 + chance.Next(limit.Count), 1 + chance.NextInt64(limit.Seconds * Second));
            var window = new SendWindow(limit, chance.Next(2) == 0 ? 0 : chance.NextInt64(Second));
            window.SetSlice(most, span);
            var sent = new List<long>();
            var now = chance.NextInt64(100 * Second);
            for (var step = 0; step < 60; step++)
            {
                var next = window.NextFree(now);
                now = chance.Next(3) switch { 0 when next < long.MaxValue => next, 1 => now + chance.NextInt64(span), _ => now + chance.NextInt64(limit.Seconds * Second / limit.Count) };
                if (!window.IsFree(now))
                {
                    Assert.True(window.NextFree(now) > now, $"Not free and yet free now, seed {seed}.");
                    Assert.Equal(window.FreeBy(now) > 0, window.IsHeldBySlice(now));
                    continue;
                }

                Assert.False(window.IsHeldBySlice(now));
                window.Take();
                switch (chance.Next(6))
                {
                    case 0:
                        window.Return();
                        break;
                    case 1:
                        window.AssumeSent(1, now);   // somebody else, and then ours
                        sent.Add(now);
                        goto default;
                    default:
                        window.Sent(now);
                        sent.Add(now);
                        break;
                }
            }

            AtMost(sent, limit.Count + sent.Count(at => sent.Count(other => other == at) > 1), limit.Seconds * Second, seed);
            var start = now + chance.NextInt64(-Second, Second);
            var expected = Enumerable.Range(0, 90).Select(position => window.Expected(position, now, start)).ToArray();
            Assert.Equal(expected[50], window.Expected(50, now, start));
            foreach (var at in expected)
            {
                now = Math.Max(Math.Max(now, start), window.NextFree(now));
                Assert.True(at == now, $"Expected {at}, came {now}, seed {seed}.");
                window.Take();
                window.Sent(now);
                sent.Add(now);
            }

            AtMost(sent.GetRange(sent.Count - 90, 90), most, span, seed);
        }
    }

    /// <summary>Answers are kept while nothing changes; what a window without memory says is the measure.</summary>
    [Fact]
    public void An_expected_start_that_is_kept_is_never_a_stale_one()
    {
        for (var seed = 1; seed <= Traces.Count(200, 10_000); seed++)
        {
            var chance = new Random(seed);
            var limit = new RateLimit(2 + chance.Next(6), 1 + chance.Next(5));
            var (most, span) = (1 + chance.Next(limit.Count), Second);
            var now = 100 * Second;
            List<Action<SendWindow>> life = [window => window.SetSlice(most, span)];
            var asked = new SendWindow(limit, 0);
            life[0](asked);
            for (var i = 0; i < 40; i++)
            {
                now += chance.NextInt64(Second / 2);
                var (at, step) = (now, i);
                Action<SendWindow> what = chance.Next(7) switch
                {
                    0 when asked.Outstanding < limit.Count => window => window.Take(),
                    1 when asked.Outstanding > 0 => window => window.Sent(at),
                    2 when asked.Outstanding > 0 => window => window.Return(),
                    3 => window => window.AssumeSent(1, at),
                    4 => window => window.Restore([at]),
                    5 => window => window.ChangeLimit(limit, step % 3 * Second, at),
                    _ => window => window.SetSlice(1 + ((most + 1) % limit.Count), span),
                };
                life.Add(what);
                what(asked);
                for (var question = chance.Next(3); question > 0; question--)
                {
                    var (position, gate) = (chance.Next(8), chance.Next(2) == 0 ? 130 * Second : now + chance.NextInt64(-Second, Second));
                    var fresh = new SendWindow(limit, 0);
                    life.ForEach(one => one(fresh));
                    Assert.True(fresh.Expected(position, now, gate) == asked.Expected(position, now, gate), $"Position {position}, step {step}, seed {seed}.");
                    now += chance.NextInt64(Second / 10);
                }
            }
        }
    }

    [Fact]
    public void An_expected_start_moves_when_the_past_does()
    {
        var window = new SendWindow(new RateLimit(4, 10), 0);
        window.SetSlice(2, 5 * Second);
        Assert.Equal([0, 0, 5 * Second, 5 * Second, 10 * Second], Enumerable.Range(0, 5).Select(position => window.Expected(position, 0, 0)));
        window.AssumeSent(1, 0);
        Assert.Equal([0, 5 * Second, 5 * Second, 10 * Second], Enumerable.Range(0, 4).Select(position => window.Expected(position, 0, 0)));
        Assert.Equal(Second, window.Expected(0, Second, 0));
        window.Take();
        Assert.Equal(6 * Second, window.Expected(1, Second, 0));   // the permit that is out may be used now
        window.SetSlice(0, 0);
        Assert.Equal((0, 0L, Second), (window.SliceMost, window.SliceSpan, window.Expected(0, Second, 0)));
    }

    [Fact]
    public void With_slots_a_slice_still_holds_exactly()
    {
        var window = new SendWindow(new RateLimit(100_000, 100), 0);
        window.SetSlice(1000, Second);
        var now = 0L;
        for (var i = 0; i < 5000; i++)
        {
            now = window.NextFree(now);
            Assert.True(window.IsFree(now));
            window.Take();
            window.Sent(now);
        }

        Assert.Equal(4 * Second, now);
        Assert.Equal((5 * Second, 9 * Second), (window.Expected(0, now, 0), window.Expected(4999, now, 0)));
        Assert.Equal(5000, window.Held);
    }

    [Fact]
    public void Permits_that_are_out_count_in_the_slice_too()
    {
        var window = new SendWindow(new RateLimit(9, 10), 0);
        window.SetSlice(3, Second);
        window.AssumeSent(1, 0);
        window.Take();
        Assert.Equal((true, 0L), (window.IsFree(0), window.NextFree(0)));
        window.Take();
        Assert.Equal((false, Second), (window.IsFree(0), window.NextFree(0)));
        window.Take();
        Assert.Equal((false, long.MaxValue), (window.IsFree(9 * Second), window.NextFree(9 * Second)));
    }

    [Fact]
    public void With_slots_and_slices_the_next_round_begins_a_slot_late()
    {
        var most = SendWindow.MostExact + 1;
        var window = new SendWindow(new RateLimit(most, 100), 0);
        window.SetSlice(60_000, Second);
        Assert.Equal((0L, Second), (window.Expected(59_999, 0, 0), window.Expected(60_000, 0, 0)));
        Assert.Equal((100 * Second) + (100 * Second / SendWindow.Slots), window.Expected(most, 0, 0));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(SendWindow.MostExact + 1, 1)]
    public void Slices_out_of_bounds_are_a_bug(int most, long span) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SendWindow(new RateLimit(9, 9), 0).SetSlice(most, span));

    [Fact]
    public void A_pacer_shrinks_and_shows_its_bursts()
    {
        var pacer = new Pacer(new RateLimit(100, 10), 0, QueueBounds.Default);
        Assert.Equal((new ShapeState(PacingMode.Burst, 100, 0, ShapeCause.Chosen, long.MinValue), false), (pacer.Shape, pacer.CanShrinkBursts));
        Assert.False(pacer.Refused(0, 0));
        pacer.ChangeShape(PacingMode.Auto, startsSmooth: false, 5);
        Assert.True(pacer.CanShrinkBursts);
        Assert.True(pacer.Refused(5, 6));
        Assert.Equal(new ShapeState(PacingMode.Auto, 50, 5 * Second, ShapeCause.Refused, 6), pacer.Shape);
        pacer.ChangeShape(PacingMode.Auto, startsSmooth: false, 7);
        Assert.Equal(50, pacer.Shape.Burst);   // nothing changed: what was learned stays
        Assert.Equal(50, Enumerable.Range(0, 100).Count(_ => pacer.Enqueue(new PlainTicket(), new Arrival("t", ""), 8) == EntryEnd.Granted));
        pacer.ChangeLimit(new RateLimit(200, 10), 0, 8);
        Assert.Equal(100, pacer.Shape.Burst);
        pacer.ChangeShape(PacingMode.Smooth, startsSmooth: false, 9);
        Assert.Equal((20, ShapeCause.Chosen), (pacer.Shape.Burst, pacer.Shape.Cause));
        pacer.ChangeShape(PacingMode.Burst, startsSmooth: false, 9);
        Assert.Equal((200, 0), (pacer.Shape.Burst, pacer.Shape.Slice));
        pacer.ChangeShape(PacingMode.Auto, startsSmooth: true, 9);
        Assert.Equal((20, ShapeCause.HubHint), (pacer.Shape.Burst, pacer.Shape.Cause));
    }

    [Fact]
    public void What_was_learned_of_bursts_is_worth_the_memory_until_it_is_taken_back()
    {
        var pacer = new Pacer(new RateLimit(100, 10), 0, QueueBounds.Default);
        pacer.ChangeShape(PacingMode.Auto, startsSmooth: false, 0);
        var ticket = new PlainTicket();
        pacer.Enqueue(ticket, new Arrival("t", ""), 0);
        pacer.Sent(ticket, 0);
        Assert.False(pacer.IsIdle((10 * Second) - 1));
        Assert.True(pacer.IsIdle(10 * Second));
        pacer.Refused(0, 0);
        Assert.False(pacer.IsIdle(3600 * Second));
        pacer.ForgetBursts(3600 * Second);
        Assert.True(pacer.IsIdle(3600 * Second));
    }

    private static void AtMost(List<long> sent, int most, long span, int seed)
    {
        for (var i = most; i < sent.Count; i++)
            Assert.True(sent[i] - sent[i - most] >= span, $"More than {most} in {span}, seed {seed}.");
    }
}
