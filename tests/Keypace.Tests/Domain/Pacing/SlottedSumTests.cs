using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class SlottedSumTests
{
    [Fact]
    public void It_sums_like_a_plain_list_whatever_comes()
    {
        for (var seed = 1; seed <= Traces.Count(500, 20_000); seed++)
        {
            var chance = new Random(seed);
            var (slots, span) = (1 + chance.Next(12), 1 + chance.NextInt64(1000));
            var sum = new SlottedSum(slots, span);
            var width = (span + slots - 1) / slots;
            var list = new List<(long Slot, long Amount)>();
            var now = chance.NextInt64(-2000, 2000);
            for (var step = 0; step < 80; step++)
            {
                now += chance.Next(3) == 0 ? chance.NextInt64(2 * span) : chance.NextInt64(width + 1);
                var at = now - (chance.Next(3) == 0 ? chance.NextInt64(3 * (span + width)) : 0);
                _ = sum.At(now);
                var amount = chance.Next(5);
                var slot = sum.Add(at, amount);
                Assert.True(slot * width >= at && (slot - 1) * width < at, $"Slot of {at}, seed {seed}.");
                list.Add((slot, amount));
                if (chance.Next(4) == 0)
                {
                    var i = chance.Next(list.Count);
                    var less = chance.NextInt64(list[i].Amount + 1);
                    sum.Lower(list[i].Slot, less);
                    list[i] = (list[i].Slot, list[i].Amount - less);
                }

                long Total(long tick, long counts) => list.Where(entry => (entry.Slot * width) + counts > tick).Sum(entry => entry.Amount);
                Assert.True(Total(now, span) == sum.At(now), $"Now, seed {seed}, step {step}: {Total(now, span)}, not {sum.At(now)}.");
                var (later, shorter) = (now + chance.NextInt64(2 * span), chance.NextInt64(span + 1));
                Assert.True(Total(later, span) == sum.TotalAt(later, span), $"Later, seed {seed}, step {step}.");
                Assert.True(Total(now, shorter) == sum.TotalAt(now, shorter), $"A shorter span, seed {seed}, step {step}.");
                var most = chance.NextInt64(8);
                var when = sum.WhenAtMost(most, span, now);
                Assert.True(Total(when, span) <= most && (when == now || Total(when - 1, span) > most), $"When at most, seed {seed}, step {step}.");
                Assert.Equal(sum.Total, sum.Held().Sum(held => held.Amount));
                Assert.All(sum.Held(), held => Assert.Contains(list, entry => entry.Slot * width == held.At));
            }
        }
    }

    [Fact]
    public void Never_is_when_less_than_nothing_may_count() => Assert.Equal(long.MaxValue, new SlottedSum(4, 100).WhenAtMost(-1, 100, 7));

    [Fact]
    public void What_falls_into_a_slot_counts_from_its_end()
    {
        var sum = new SlottedSum(10, 100);
        Assert.Equal((10, 100), (sum.Width, sum.Span));
        Assert.Equal(111 + 9, sum.UntilOf(11));
        Assert.Equal(110, sum.UntilOf(10));
        sum.Add(11, 1);
        Assert.Equal(1, sum.At(119));
        Assert.Equal(0, sum.At(120));
    }
}
