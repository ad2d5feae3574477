using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>Hubs that enforce otherwise than they say, and other users of the account. pacing goals in simulated time.</summary>
public sealed class HubSimulationTests
{
    private const long Second = SendWindow.Second;
    private const long Minute = 60 * Second;
    private static readonly RateLimit Limit = new(600, 60);
    private static readonly int Seeds = Traces.Count(1, 100);

    public static TheoryData<string> Hubs => ["10 in a second", "100 in ten seconds", "a bucket of a second"];

    [Theory]
    [MemberData(nameof(Hubs))]
    public void Auto_learns_the_slices_of_a_hub_within_five_windows(string enforcement)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            foreach (var wait in new long?[] { null, Second })
            {
                var simulation = new HubSimulation(seed, Limit, PacingMode.Auto, startsSmooth: false, Second / 20, HubOf(enforcement)) { MostDelay = Second / 25, SaysWait = wait };
                simulation.Run(5 * Minute);
                var (accepted, refused) = simulation.Run(40 * Minute);
                Assert.True(refused < 0.001 * (accepted + refused), $"{refused} of {accepted + refused} refused, seed {seed}, {enforcement}.");
                Assert.True(accepted > 40 * 600 * 0.5, $"Only {accepted} went, bursts of {simulation.Pacer.Shape.Burst}, seed {seed}, {enforcement}.");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Hubs))]
    public void Smooth_where_the_hub_is_known_to_enforce_slices_is_never_refused_and_pays_for_the_guard_of_each(string enforcement)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var simulation = new HubSimulation(seed, Limit, PacingMode.Smooth, startsSmooth: true, Second / 20, HubOf(enforcement)) { MostDelay = Second / 25 };
            var (accepted, refused) = simulation.Run(20 * Minute);
            Assert.Equal(0, refused);
            Assert.InRange(accepted, 20 * 600 * 0.95, 20 * 600 * 1.0);   // 1 s of 1.05 s
        }
    }

    [Theory]
    [MemberData(nameof(Hubs))]
    public void Smooth_where_nothing_was_known_of_slices_guards_them_after_the_first_refusals(string enforcement)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var simulation = new HubSimulation(seed, Limit, PacingMode.Smooth, startsSmooth: false, Second / 20, HubOf(enforcement)) { MostDelay = Second / 25 };
            simulation.Run(5 * Minute);
            var (accepted, refused) = simulation.Run(200 * Minute);
            Assert.True(refused < 0.001 * (accepted + refused), $"{refused} of {accepted + refused} refused, seed {seed}, {enforcement}.");
            Assert.InRange(accepted, 200 * 600 * 0.95, 200 * 600 * 1.0);
        }
    }

    [Theory]
    [InlineData(60, 60)]
    [InlineData(600, 60)]
    public void With_foreign_traffic_of_a_third_few_are_refused_after_two_windows(int count, int seconds)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var limit = new RateLimit(count, seconds);
            var hub = new SimulatedHub((count, seconds * Second));
            var simulation = new HubSimulation(seed, limit, PacingMode.Burst, false, Second / 20, hub)
            {
                MostDelay = Second / 25,
                SaysRemaining = true,
                ForeignPerSecond = 0.3 * count / seconds,
                SaysWait = seconds * Second / 2,
            };
            simulation.Run(2 * Minute);
            var (accepted, refused) = simulation.Run(60 * Minute);
            Assert.True(refused < 0.01 * (accepted + refused), $"{refused} of {accepted + refused} refused, seed {seed}.");
            Assert.True(accepted > 60.0 * count * 60 / seconds * 0.5, $"Only {accepted} went, seed {seed}.");
        }
    }

    [Fact]
    public void Tokens_really_used_are_never_over_when_estimates_are_upper_bounds()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var (use, most) = Tokens(seed, learns: false);
            Assert.True(most <= 100_000, $"{most} tokens in a minute, seed {seed}.");
            Assert.True(use > 0.5, $"Only {use:P1} used, seed {seed}.");
        }
    }

    [Fact]
    public void With_the_largest_of_the_last_answers_nine_tenths_of_the_tokens_are_used()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var (use, _) = Tokens(seed, learns: true);
            Assert.True(use >= 0.9, $"Only {use:P1} used, seed {seed}.");
        }
    }

    private static SimulatedHub HubOf(string enforcement) => enforcement switch
    {
        "10 in a second" => new((600, Minute), (10, Second)),
        "100 in ten seconds" => new((600, Minute), (100, 10 * Second)),
        _ => new((600, Minute)) { BucketSize = 10 },
    };

    /// <summary>100,000 tokens a minute, always somebody waiting, answers that take up to 10 s. Share used, and the most in any minute.</summary>
    private static (double Use, long Most) Tokens(int seed, bool learns)
    {
        const long Limit = 100_000;
        var chance = new Random(seed);
        var pacer = new Pacer(new RateLimit(10_000, 60), 0, QueueBounds.Default);
        pacer.ChangeQuotas([new Quota(QuotaDimension.Tokens, Limit, 60)], default, 0);
        var estimates = new OutputEstimates();
        var answers = new PriorityQueue<(PlainTicket Ticket, long Input, long Output), long>();
        var used = new List<(long At, long Tokens)>();
        var changed = new List<Ticket>();
        var (now, end, real) = (0L, 20 * Minute, new Dictionary<Ticket, (long, long)>());
        while (now < end)
        {
            while (pacer.Waiting < 30)
            {
                var (input, output) = (100 + chance.NextInt64(1000), Math.Min(2000, (long)(200 * Math.Exp(chance.NextDouble() * 2))));
                var estimate = learns ? estimates.Of("m", 2000, 2000) : 2000;
                var ticket = new PlainTicket();
                real[ticket] = (input, output);
                if (pacer.Enqueue(ticket, new Arrival("t", "", Need: new QueryNeed("m", input, estimate)), now) == EntryEnd.Granted)
                    Send(ticket);
            }

            var next = Math.Min(pacer.NextEvent(now), answers.TryPeek(out _, out var answersAt) ? answersAt : long.MaxValue);
            now = Math.Max(now, next);
            while (answers.TryPeek(out var answer, out var at) && at <= now)
            {
                answers.Dequeue();
                estimates.Learn("m", answer.Output);
                pacer.Settle(answer.Ticket, answer.Input, answer.Output, now);
            }

            changed.Clear();
            pacer.Advance(now, changed);
            foreach (var ticket in changed.Where(ticket => ticket.State == TicketState.Granted))
                Send((PlainTicket)ticket);
        }

        return (used.Where(use => use.At >= 2 * Minute).Sum(use => use.Tokens) / (double)(18 * Limit), MostInAMinute(used));

        void Send(PlainTicket ticket)
        {
            pacer.Sent(ticket, now);
            var (input, output) = real[ticket];
            used.Add((now, input + output));
            answers.Enqueue((ticket, input, output), now + chance.NextInt64(10 * Second));
        }
    }

    private static long MostInAMinute(List<(long At, long Tokens)> used)
    {
        var (most, inside, end) = (0L, 0L, 0);
        for (var start = 0; start < used.Count; start++)
        {
            while (end < used.Count && used[end].At < used[start].At + Minute)
                inside += used[end++].Tokens;

            most = Math.Max(most, inside);
            inside -= used[start].Tokens;
        }

        return most;
    }
}
