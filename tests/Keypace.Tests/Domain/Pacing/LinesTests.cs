using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Queries that wait for different limits, against plain rules that look at everybody each time.</summary>
public sealed class LinesTests
{
    private const long Second = SendWindow.Second;

    [Fact]
    public void The_first_whose_line_is_open_goes_whatever_comes_and_leaves()
    {
        var passed = 0;
        for (var seed = 1; seed <= Traces.Count(300, 20_000); seed++)
        {
            var chance = new Random(seed);
            var (queue, model, waiting) = (new FairQueue(), new SlowLine(), new List<PlainTicket>());
            var lines = seed % 3 == 0 ? 150 : 5;   // more than a word of bits
            var open = new LineSet();
            var isOpen = new bool[lines];
            for (var step = 0; step < 200; step++)
            {
                for (var i = 0; i < 3; i++)
                {
                    var line = chance.Next(lines);
                    isOpen[line] = chance.Next(2) == 0;
                    (isOpen[line] ? (Action<int>)open.Add : open.Remove)(line);
                }

                if (chance.Next(5) < 3)
                {
                    var token = chance.Next(4);
                    var isFront = chance.Next(12) == 0;
                    var arrival = new Arrival($"t{token}", $"c{chance.Next(3)}", 1 + token, (QueryClass)chance.Next(3), Front: isFront, Order: ((isFront ? 1 + chance.Next(step + 1) : 1000) * 1000) + step);
                    var ticket = new PlainTicket { Name = step, TokenId = arrival.TokenId, Caller = arrival.Caller, Order = arrival.Order, Line = chance.Next(lines) };
                    queue.Enqueue(ticket, arrival);
                    model.Enqueue(ticket, arrival);
                    waiting.Add(ticket);
                }
                else if (chance.Next(4) > 0)
                {
                    var first = queue.InOrder().FirstOrDefault();
                    var served = queue.Dequeue(open);
                    Assert.True(ReferenceEquals(served, model.Dequeue(ticket => isOpen[ticket.Line])), $"Order, seed {seed}, step {step}: {served}.");
                    passed += served is not null && !ReferenceEquals(first, served) ? 1 : 0;
                    waiting.Remove((served as PlainTicket)!);
                }
                else if (waiting.Count > 0)
                {
                    var leaving = waiting[chance.Next(waiting.Count)];
                    waiting.Remove(leaving);
                    queue.Remove(leaving);
                    model.Remove(leaving);
                }

                Assert.Equal(waiting.Count, queue.Count);
            }

            Assert.True(queue.InOrder().SequenceEqual(model.Copy().Drain()), $"The order foreseen, seed {seed}.");
            Assert.True(queue.Copy(ticket => new PlainTicket { Name = ((PlainTicket)ticket).Name, Line = ticket.Line }).InOrder().Select(Name).SequenceEqual(queue.InOrder().Select(Name)), $"A copy, seed {seed}.");
            Assert.True(
                queue.InOrder(open).Select(Name).SequenceEqual(model.Copy().Drain(ticket => isOpen[ticket.Line]).Select(Name)), $"The order of the open ones, seed {seed}.");
        }

        Assert.True(passed > 1000, "Nobody ever stood in the way of others.");
    }

    /// <summary>
    /// Everybody in turn who may, and nobody else: with limits of one query each the pacer grants exactly what a look at everybody in fair order
    /// would find.
    /// </summary>
    [Fact]
    public void Limits_of_models_and_sources_are_kept_in_exactly_the_fair_order()
    {
        for (var seed = 1; seed <= Traces.Count(200, 10_000); seed++)
        {
            new LinesTrace(seed).Run(120);
        }
    }

    [Fact]
    public void A_new_callers_single_query_is_not_behind_hundreds_that_wait_for_another_model()
    {
        var pacer = new Pacer(new RateLimit(600, 60), 0, QueueBounds.Default);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Requests, 50, 60, Model: "x")], DateTimeOffset.UnixEpoch, 0);
        Assert.Equal(50, Enumerable.Range(0, 270).Count(i => Enter(pacer, $"caller {i}", "x").State == TicketState.Sent));
        var single = Enter(pacer, "new", "y");
        Assert.Equal(TicketState.Sent, single.State);
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(TicketState.Sent, Enter(pacer, "caller 1", "y").State));
        Assert.Equal(220, pacer.Waiting);
    }

    [Fact]
    public void However_many_large_ones_wait_a_small_one_passes_and_each_is_passed_eight_times_at_most()
    {
        var pacer = new Pacer(new RateLimit(1000, 1), 0, QueueBounds.Default);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, 1000, 60)], DateTimeOffset.UnixEpoch, 0);
        Enter(pacer, "large", "m", 600);
        var large = Enumerable.Range(0, 300).Select(i => Enter(pacer, $"large {i % 7}", "m", 500 + i)).ToArray();
        var small = Enumerable.Range(0, 30).Select(_ => Enter(pacer, "small", "m", 2)).ToArray();
        Assert.Equal(8, small.Count(ticket => ticket.State == TicketState.Sent));
        Assert.All(large, ticket => Assert.InRange(ticket.Passed, 0, Pacer.MostPasses));
    }

    private static PlainTicket Enter(Pacer pacer, string caller, string model, long tokens = 1)
    {
        var ticket = new PlainTicket();
        if (pacer.Enqueue(ticket, new Arrival("t", caller, Need: new QueryNeed(model, tokens, 0)), 0) == EntryEnd.Granted)
            pacer.Sent(ticket, 0);

        var changed = new List<Ticket>();
        pacer.Advance(0, changed);
        changed.FindAll(each => each.State == TicketState.Granted).ForEach(each => pacer.Sent(each, 0));
        return ticket;
    }

    private static int Name(Ticket ticket) => ((PlainTicket)ticket).Name;
}
