using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

public sealed class FairQueueTests
{
    [Fact]
    public void It_serves_like_the_slow_model_whatever_comes_and_leaves()
    {
        for (var seed = 1; seed <= Traces.Count(300, 20_000); seed++)
        {
            var chance = new Random(seed);
            var queue = new FairQueue();
            var model = new SlowLine();
            var waiting = new List<PlainTicket>();
            for (var step = 0; step < 150; step++)
            {
                switch (chance.Next(seed % 2 == 0 ? 5 : 9))
                {
                    case < 3 or > 4:
                        var (ticket, arrival) = Arrive(chance, step);
                        Assert.True(queue.PositionOf(arrival) == model.PositionOf(ticket, arrival), $"Position, seed {seed}, step {step}.");
                        queue.Enqueue(ticket, arrival);
                        model.Enqueue(ticket, arrival);
                        waiting.Add(ticket);
                        break;
                    case 3:
                        var served = queue.Dequeue();
                        Assert.True(ReferenceEquals(served, model.Dequeue()), $"Order, seed {seed}, step {step}: {served}.");
                        waiting.Remove((PlainTicket)served!);
                        break;
                    default:
                        if (waiting.Count > 0)
                        {
                            var leaving = waiting[chance.Next(waiting.Count)];
                            waiting.Remove(leaving);
                            queue.Remove(leaving);
                            model.Remove(leaving);
                        }

                        break;
                }

                Assert.Equal(waiting.Count, queue.Count);
            }

            var foreseen = queue.InOrder().ToArray();
            Assert.True(foreseen.SequenceEqual(model.Copy().Drain()), $"The order foreseen, seed {seed}.");
            foreach (var next in foreseen)
                Assert.Same(next, queue.Dequeue());

            Assert.Null(queue.Dequeue());
        }
    }

    [Fact]
    public void A_late_caller_goes_after_at_most_one_of_each_other_caller()
    {
        var queue = new FairQueue();
        for (var i = 0; i < 10_000; i++)
            Add(queue, "a", "noisy", i);

        for (var i = 0; i < 100; i++)
            Add(queue, "b", "", i);

        queue.Dequeue();
        var late = Add(queue, "c", "", -1);
        Assert.InRange(queue.InOrder().ToList().IndexOf(late), 0, 2);
    }

    [Fact]
    public void Naming_many_callers_gains_a_token_nothing()
    {
        var queue = new FairQueue();
        for (var i = 0; i < 1000; i++)
        {
            Add(queue, "many", $"caller{i}", i);
            Add(queue, "one", "", i);
        }

        var first = queue.InOrder().Take(100).ToArray();
        Assert.Equal(50, first.Count(ticket => ticket.TokenId == "one"));
    }

    [Fact]
    public void Weights_share_in_proportion()
    {
        var queue = new FairQueue();
        for (var i = 0; i < 1000; i++)
        {
            Add(queue, "three", "", i, weight: 3);
            Add(queue, "one", "", i, weight: 1);
        }

        Assert.Equal(300, queue.InOrder().Take(400).Count(ticket => ticket.TokenId == "three"));
    }

    [Fact]
    public void Those_that_come_back_go_first_in_the_order_in_which_they_first_came()
    {
        var queue = new FairQueue();
        var waiting = Add(queue, "a", "", 9);
        var back = new[] { 5L, 2, 7, 1 }.Select(order => Add(queue, "z", "", order, front: true)).ToArray();
        Assert.Equal([back[3], back[1], back[0], back[2], waiting], queue.InOrder());
        queue.Remove(back[0]);
        Assert.Equal([back[3], back[1], back[2], waiting], queue.InOrder());
    }

    private static (PlainTicket Ticket, Arrival Arrival) Arrive(Random chance, int name)
    {
        var token = chance.Next(4);
        var isFront = chance.Next(12) == 0;
        var arrival = new Arrival(
            $"t{token}", $"c{chance.Next(3)}", chance.Next(10) == 0 ? 1 + chance.Next(5) : 1 + token, (QueryClass)chance.Next(3), Front: isFront, Order: isFront ? 1 + chance.Next(name + 1) : 1000 + name);
        return (new PlainTicket { Name = name, TokenId = arrival.TokenId, Caller = arrival.Caller, Order = arrival.Order }, arrival);
    }

    private static PlainTicket Add(FairQueue queue, string token, string caller, long order, int weight = 1, bool front = false)
    {
        var ticket = new PlainTicket { Name = (int)order, TokenId = token, Caller = caller, Order = order };
        queue.Enqueue(ticket, new Arrival(token, caller, weight, Front: front, Order: order));
        return ticket;
    }
}
