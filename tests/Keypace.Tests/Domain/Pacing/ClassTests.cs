using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Shares of classes, weights and callers.</summary>
public sealed class ClassTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void A_class_that_waits_gets_at_least_every_twenty_first_permit_however_many_of_others_wait()
    {
        var queue = new FairQueue();
        for (var i = 0; i < 1000; i++)
        {
            foreach (var queryClass in Enum.GetValues<QueryClass>())
                Add(queue, $"t{i % 7}", queryClass);
        }

        var order = Enumerable.Range(0, 1050).Select(_ => queue.Dequeue()!).ToArray();
        foreach (var lower in new[] { QueryClass.Batch, QueryClass.Background })
        {
            for (var i = 0; i + 21 <= order.Length; i++)
                Assert.True(order.AsSpan(i, 21).ToArray().Any(ticket => Class(ticket) == lower), $"{lower} had none of 21 permits from {i} on.");

            Assert.InRange(order.Count(ticket => Class(ticket) == lower), 50, 53);
        }
    }

    [Fact]
    public void A_class_that_emptied_begins_to_wait_anew()
    {
        var queue = new FairQueue();
        var leaving = Add(queue, "t", QueryClass.Batch);
        for (var i = 0; i < 40; i++)
            Add(queue, "t", QueryClass.Interactive);

        for (var i = 0; i < 15; i++)
            queue.Dequeue();

        queue.Remove(leaving);
        var batch = Add(queue, "t", QueryClass.Batch);
        Assert.Equal(20, queue.InOrder().ToList().IndexOf(batch));
        Assert.Same(queue.InOrder().First(), queue.Peek());
    }

    [Fact]
    public void Weights_share_within_two_percent_and_equals_are_served_alike()
    {
        var pacer = new Pacer(new RateLimit(60, 10), 0, new QueueBounds(1_000_000, 1_000_000));
        var weights = new[] { 1, 2, 3, 5, 10, 1, 1 };
        var served = Serve(pacer, windows: 70, i => 100, weights);
        var (all, sum) = (served.Sum(), weights.Sum());
        Assert.All(weights.Zip(served), pair => Assert.InRange(pair.Second / (double)all, (pair.First / (double)sum) - 0.02, (pair.First / (double)sum) + 0.02));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(100)]
    public void Callers_of_which_one_sends_a_hundred_times_as_much_are_served_alike(int callers)
    {
        var pacer = new Pacer(new RateLimit(60, 10), 0, new QueueBounds(1_000_000, 1_000_000));
        var served = Serve(pacer, windows: Math.Max(10, callers / 6), i => i == 0 ? 100 * 10 : 10 + (60 * Math.Max(10, callers / 6) / callers), Enumerable.Repeat(1, callers).ToArray());
        var squares = served.Sum(share => (double)share * share);
        Assert.True(Math.Pow(served.Sum(), 2) / (callers * squares) >= 0.99, string.Join(' ', served));
    }

    private static int[] Serve(Pacer pacer, int windows, Func<int, int> arrivals, int[] weights)
    {
        var changed = new List<Ticket>();
        pacer.PauseUntil(1, "until all have come");
        for (var i = 0; i < weights.Length; i++)
        {
            for (var left = arrivals(i) * (weights[i] > 1 ? weights[i] * 10 : 10); left > 0; left--)
                pacer.Enqueue(new PlainTicket(), new Arrival($"t{i}", "", weights[i]), 0);
        }

        pacer.Resume();
        var served = new int[weights.Length];
        for (var window = 0; window < windows; window++)
        {
            changed.Clear();
            pacer.Advance(window * 10 * Second, changed);
            foreach (var ticket in changed.Where(ticket => ticket.State == TicketState.Granted))
            {
                pacer.Sent(ticket, window * 10 * Second);
                served[int.Parse(ticket.TokenId.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)]++;
            }
        }

        return served;
    }

    private static QueryClass Class(Ticket ticket) => (QueryClass)((PlainTicket)ticket).Name;

    private static PlainTicket Add(FairQueue queue, string token, QueryClass queryClass)
    {
        var ticket = new PlainTicket { Name = (int)queryClass, TokenId = token };
        queue.Enqueue(ticket, new Arrival(token, "", Class: queryClass));
        return ticket;
    }
}
