using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>
/// Never over any limit, whatever happens to the process and its limits; nothing free while somebody could use it waits. <c>./dev campaign</c> plays
/// 1,000 lives of each kind.
/// </summary>
public sealed class PacingLifeTests
{
    private const LifeKinds Plain = LifeKinds.Idle | LifeKinds.Pauses;
    private const LifeKinds Broken = LifeKinds.BrokenMoves | LifeKinds.Moves | LifeKinds.Kills | LifeKinds.PowerFailures | LifeKinds.Idle;

    private const LifeKinds Parted = LifeKinds.Secrets | LifeKinds.Moves | LifeKinds.Idle;
    private const LifeKinds Taught = LifeKinds.Lessons | LifeKinds.Moves | LifeKinds.Kills | LifeKinds.Stops | LifeKinds.Idle;
    private const LifeKinds Foretold = LifeKinds.Foresight | LifeKinds.Limits | LifeKinds.Moves | LifeKinds.Secrets | LifeKinds.Kills | LifeKinds.Pauses;

    [Fact]
    public Task Queries_pauses_and_idle_times() => PlayAsync(Plain);

    [Fact]
    public Task Killed_at_any_moment_no_limit_is_over() => PlayAsync(LifeKinds.Kills | LifeKinds.Idle);

    [Fact]
    public Task Stopped_with_running_answers_no_limit_is_over() => PlayAsync(LifeKinds.Stops | LifeKinds.Kills | LifeKinds.Idle);

    [Fact]
    public Task Without_power_no_limit_is_over() => PlayAsync(LifeKinds.PowerFailures | LifeKinds.Kills | LifeKinds.Idle);

    [Fact]
    public Task While_limits_of_every_kind_change_none_is_over() => PlayAsync(LifeKinds.Limits | LifeKinds.Idle);

    [Fact]
    public Task While_keys_move_no_limit_is_over() => PlayAsync(LifeKinds.Moves | LifeKinds.Idle);

    [Fact]
    public Task Ended_in_the_midst_of_a_move_no_limit_is_over() => PlayAsync(Broken);

    /// <summary>A life that ran over while the store had a move that the process did not live to make.</summary>
    [Theory]
    [InlineData(14)]
    public Task The_process_ends_between_the_commit_and_the_move(int seed) => new PacingLife(seed, Broken).PlayAsync(120);

    /// <summary>Lives that ran over while the store had a move and the journal not yet what came along.</summary>
    [Theory]
    [InlineData(2026)]
    [InlineData(2118)]
    public Task Power_fails_in_the_moment_of_a_move(int seed) => new PacingLife(seed, LifeKinds.All).PlayAsync(120);

    /// <summary>
    /// Lives that ran over: two secrets had sent at one tick, and the second to come was taken for the first (50039); a key came back with another
    /// secret, and what it had used before went on under the first (71110); a limit was widened while its group rested, and the
    /// process was killed (50050); a hub's lesson reached further back than the group that its secret had been in (50006), or came into after a restart (70131); a query ran already
    /// when the first limit of tokens was set, and the process stopped (50027); the group that a key left knew no models, and the limit that it came under names one (70011);
    /// a hub taught of one secret under two limits, and one of the lessons outlived the restart (72099);
    /// a key went through a group without limits of tokens, and the process was killed there (72046).
    /// </summary>
    [Theory]
    [InlineData(50039, Parted)]
    [InlineData(71110, Parted)]
    [InlineData(50050, Foretold)]
    [InlineData(50006, Taught)]
    [InlineData(70131, Taught)]
    [InlineData(50027, LifeKinds.All)]
    [InlineData(70011, Broken)]
    [InlineData(72099, Taught)]
    [InlineData(72046, Foretold)]
    internal Task A_life_that_ran_over(int seed, LifeKinds kinds) => new PacingLife(seed, kinds).PlayAsync(120);

    /// <summary>A limit is narrowed to one model, or comes along with a key: what others used before counts on, as promised.</summary>
    [Theory]
    [InlineData(70246, LifeKinds.Limits | LifeKinds.Idle)]
    [InlineData(72045, Parted)]
    internal Task What_a_narrowed_limit_counts_of_before_is_not_free(int seed, LifeKinds kinds) => new PacingLife(seed, kinds).PlayAsync(120);

    [Fact]
    public Task While_secrets_are_shared_and_parted_no_limit_is_over() => PlayAsync(Parted);

    [Fact]
    public Task What_hubs_taught_rules_wherever_the_secret_goes_and_through_restarts() => PlayAsync(Taught);

    [Fact]
    public Task What_is_foretold_happens() => PlayAsync(LifeKinds.Foresight | Plain);

    [Fact]
    public Task What_is_foretold_happens_whatever_was_before() => PlayAsync(Foretold);

    [Fact]
    public Task All_of_it() => PlayAsync(LifeKinds.All);

    private static async Task PlayAsync(LifeKinds kinds)
    {
        var first = Traces.FirstSeed();
        var lives = Traces.Count(12, 1000);
        var sends = 0;
        for (var seed = first; seed < first + lives; seed++)
        {
            var life = new PacingLife(seed, kinds);
            await life.PlayAsync(Traces.Steps(30, 120));
            sends += life.Sends;
        }

        Assert.True(sends > lives, "They hardly sent anything.");
    }
}
