using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Pacing;

/// <summary>What becomes of a limit that a hub's refusals have lowered, in virtual time.</summary>
public sealed class WayBackTests
{
    private const long Second = SendWindow.Second;
    private static readonly int Seeds = Traces.Count(8, 200);

    public static TheoryData<int, int, PacingMode> Limits => new()
    {
        { 60, 60, PacingMode.Auto }, { 60, 60, PacingMode.Burst }, { 60, 60, PacingMode.Smooth },
        { 600, 60, PacingMode.Auto }, { 600, 60, PacingMode.Burst }, { 600, 60, PacingMode.Smooth },
        { 20, 60, PacingMode.Auto }, { 30, 30, PacingMode.Auto }, { 2000, 300, PacingMode.Auto },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void After_a_storm_of_refusals_three_clean_windows_bring_the_whole_limit_back(int count, int seconds, PacingMode mode)
    {
        var first = Traces.FirstSeed();
        for (var seed = first; seed < first + Seeds; seed++)
        {
            var chance = new Random(seed);
            var window = seconds * Second;
            var hub = new SimulatedHub((count, window));
            var simulation = new HubSimulation(seed, new RateLimit(count, seconds), mode, startsSmooth: false, Second / 20, hub)
            {
                MostDelay = Second / 25,
                AnswerTakes = Second / 5 * (1 + chance.Next(20)),
                SaysWait = chance.Next(2) == 0 ? null : Second,
            };
            var from = 2 * window + chance.NextInt64(window);
            var until = from + Second + chance.NextInt64(8 * window);
            hub.Storm = (from, until);
            simulation.Run(until);
            // The first window that is clean begins when the last pause is over.
            simulation.Run(Math.Max(0, simulation.Pacer.PausedUntil - until));
            simulation.Run(3 * window);
            var (accepted, _) = simulation.Run(4 * window);
            Assert.True(
                accepted >= 4 * 0.95 * count,
                $"{accepted / 4.0} of {count} a window, limit {simulation.Pacer.Limit}, bursts of {simulation.Pacer.Shape.Burst}, storm of {(until - from) / 1e9} s, seed {seed}.");
        }
    }

    /// <summary>
    /// What is used of the lower limit is not promised; it is at least 85 %: where refusals said that the hub enforces slices each of them keeps its guard, up
    /// to a tenth of it, and the limit that was found may lie some units below the hub's.
    /// </summary>
    [Theory]
    [MemberData(nameof(Limits))]
    public void A_hub_whose_limit_is_lower_refuses_at_most_one_query_in_ten_windows(int count, int seconds, PacingMode mode)
    {
        var first = Traces.FirstSeed();
        for (var seed = first; seed < first + Seeds; seed++)
        {
            var chance = new Random(seed);
            var window = seconds * Second;
            var real = 1 + chance.Next(count - 1);
            var simulation = new HubSimulation(seed, new RateLimit(count, seconds), mode, startsSmooth: false, Second / 20, new SimulatedHub((real, window)))
            {
                MostDelay = Second / 25,
                AnswerTakes = Second / 5 * (1 + chance.Next(20)),
                SaysWait = chance.Next(2) == 0 ? null : Second,
            };
            simulation.Run(30 * window);
            var (accepted, refused) = simulation.Run(100 * window);
            Assert.True(
                refused <= 10 && accepted >= 0.85 * 100 * real * seconds / (seconds + 0.05),
                $"{refused} refused in 100 windows, {accepted / 100.0} of {real} (set {count}) a window taken, limit {simulation.Pacer.Limit}, bursts of {simulation.Pacer.Shape.Burst}, seed {seed}.");
        }
    }

    [Theory]
    [InlineData(600, 60)]
    [InlineData(655, 60)]
    [InlineData(60, 60)]
    [InlineData(25, 10)]
    public void An_even_flow_that_somebody_chose_costs_the_guard_once_a_window(int count, int seconds)
    {
        foreach (var guard in new[] { Second / 20, Second / 4, Second })
        {
            var simulation = new HubSimulation(1, new RateLimit(count, seconds), PacingMode.Smooth, startsSmooth: false, guard, new SimulatedHub((count, seconds * Second)));
            var (accepted, refused) = simulation.Run(50 * (seconds * Second + guard));
            Assert.Equal(0, refused);
            Assert.InRange(accepted / (50.0 * count), 0.9995, 1.02);
        }
    }
}
