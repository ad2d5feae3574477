using System.Diagnostics.CodeAnalysis;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Tests.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What a hub taught outlives idle times and the process, and ends in its time.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A stop waits for permits that are out, in a time that nobody moves any more.")]
public sealed class KeptLessonsTests
{
    private static readonly Guid Key = new("0193f5a0-0000-7000-8000-000000000001");
    private static readonly Guid Secret = new("0193f5a0-0000-7000-8000-00000000000a");
    private static readonly RateLimit Hundred = new(100, 60);
    private static readonly HubRefusal NoWait = new(HubRefusalKind.RateLimited, null);
    private static readonly HubRefusal Terminal = new(HubRefusalKind.Terminal, null);
    private readonly PacingWorld _world = new();
    private MemoryLessons _lessons = new();
    private RateGroups _groups;

    public KeptLessonsTests() => _groups = new RateGroups(_world.Options, _world.Time, new OpenLedger(), _lessons);

    private PacedGroup Group => _groups.Get(Key, new GroupRules(Hundred) { Mode = PacingMode.Auto });

    [Fact]
    public void A_learned_limit_rules_after_minutes_without_a_query()
    {
        LearnTwenty();
        _world.Pass(TimeSpan.FromMinutes(30));
        Assert.Equal(new RateLimit(20, 60), Group.Status().Limit);
    }

    [Fact]
    public void A_model_that_is_refused_without_being_sent_stays_so_when_it_is_asked_for_every_fifteen_seconds()
    {
        Learn(Ask("m"), default, Terminal, "m");
        for (var second = 15; second < 60; second += 15)
        {
            _world.Pass(TimeSpan.FromSeconds(15));
            Assert.Equal(EntryRefusalKind.CircuitOpen, RefusalOf("m"));
            Assert.Null(RefusalOf("other"));
        }

        _world.Pass(TimeSpan.FromSeconds(16));
        Learn(Ask("m"), default, Terminal, "m");   // the next one is longer
        _world.Pass(TimeSpan.FromSeconds(110));
        Assert.Equal(EntryRefusalKind.CircuitOpen, RefusalOf("m"));
    }

    [Fact]
    public void A_pause_without_a_query_is_a_pause_afterwards()
    {
        Learn(Ask(), default, new HubRefusal(HubRefusalKind.RateLimited, 300 * SendWindow.Second), null);
        _world.Pass(TimeSpan.FromSeconds(200));
        Assert.NotNull(Group.Status().PausedUntil);
    }

    [Fact]
    public void Limits_bursts_pauses_and_refused_models_outlive_the_process()
    {
        LearnTwenty();
        Learn(Ask("m"), default, Terminal, "m");
        Learn(Ask(), default, NoWait, null);
        Learn(Ask(), default, new HubRefusal(HubRefusalKind.RateLimited, 300 * SendWindow.Second), null);
        var bursts = Group.Status().Shape.Burst;
        Assert.InRange(bursts, 1, 19);
        Restart(TimeSpan.FromSeconds(20));
        var status = Group.Status();
        Assert.Equal((new RateLimit(20, 60), bursts, ShapeCause.Refused), (status.Limit, status.Shape.Burst, status.Shape.Cause));
        Assert.InRange((status.PausedUntil!.Value - _world.Time.GetUtcNow()).TotalSeconds, 279, 312);
        Assert.Equal(EntryRefusalKind.CircuitOpen, RefusalOf("m"));
        Assert.Equal("the hub answered 429 and said how long to wait", status.PausedWhy);
    }

    [Fact]
    public void A_question_after_a_wait_out_of_all_reason_is_one_after_a_restart_too()
    {
        Learn(Ask(), default, new HubRefusal(HubRefusalKind.RateLimited, long.MaxValue), null);
        Restart(TimeSpan.FromHours(2));
        var first = Ask();
        Assert.True(first.IsGranted);
        Assert.False(Ask().IsGranted);
        Learn(first, default, null, null);
        Assert.True(Ask().IsGranted);
        Assert.Null(Group.Status().PausedUntil);
    }

    [Theory]
    [InlineData(23.9, 20)]
    [InlineData(24.1, 100)]
    public void A_lesson_ends_a_day_after_its_last_confirmation_running_or_not(double hours, int limit)
    {
        LearnTwenty();
        Restart(TimeSpan.FromHours(hours / 2));
        _world.Pass(TimeSpan.FromHours(hours / 2));
        Assert.Equal(limit, Group.Status().Limit.Count);
        Assert.Equal(limit == 100, _lessons.Kept.Count == 0);
        if (limit == 100)
        {
            _world.Pass(TimeSpan.FromMinutes(20));
            Assert.Equal(0, _groups.Count);   // nothing is left to be remembered
        }
    }

    [Fact]
    public void What_was_learned_can_be_taken_back_each_for_itself()
    {
        LearnTwenty();
        Learn(Ask("m"), default, Terminal, "m");
        Learn(Ask(), default, NoWait, null);
        Assert.NotNull(Group.Status().Lessons.Bursts);
        Group.Forget(LessonKinds.Bursts);
        var kept = Assert.Single(_lessons.Kept).Value;
        Assert.True(kept is { Bursts: null, Limit: not null, Circuits.Count: 1, Pause: not null });
        Group.Forget(LessonKinds.Limit);
        Assert.Equal(Hundred, Group.Status().Limit);
        Group.Forget(LessonKinds.Pause);
        Assert.Null(Group.Status().PausedUntil);
        Group.Forget(LessonKinds.Circuits);
        Assert.Null(RefusalOf("m"));
        Assert.Empty(_lessons.Kept);
        Restart(TimeSpan.Zero);
        Assert.Equal((Hundred, true), (Group.Status().Limit, Group.Status().Lessons.IsEmpty));
    }

    [Fact]
    public void What_was_learned_of_another_limit_is_left_out_and_nonsense_does_no_harm()
    {
        Group.Recall(new KeptLessons(Secret, Key)
        {
            Limit = new LearnedLimit(new RateLimit(70, 60), 20, null, 0, false),
            LimitConfirmedAt = _world.Time.GetUtcNow(),
            Bursts = new LearnedBursts(default, 0, -1, 7, true, true),
            BurstsConfirmedAt = _world.Time.GetUtcNow(),
            Pause = new KeptPause(default, "", 0),
            Circuits = [new KeptCircuit("m", default)],
        });
        Assert.Equal((Hundred, 100, null), (Group.Status().Limit, Group.Status().Shape.Burst, Group.Status().PausedUntil));
        Assert.Null(RefusalOf("m"));
    }

    [Fact]
    public void Random_lives_forget_nothing_before_its_time()
    {
        var first = Traces.FirstSeed();
        for (var seed = first; seed < first + Traces.Count(40, 1_000); seed++)
        {
            var chance = new Random(seed);
            _lessons = new MemoryLessons();
            _groups = new RateGroups(_world.Options, _world.Time, new OpenLedger(), _lessons);
            Group.Forget(LessonKinds.All);
            LearnTwenty();
            var confirmed = _world.Time.GetUtcNow();
            var (pausedUntil, openUntil) = (confirmed, confirmed);
            for (var step = 0; step < 12; step++)
            {
                switch (chance.Next(4))
                {
                    case 0:
                        Restart(TimeSpan.FromSeconds(chance.Next(4_000)));
                        break;
                    case 1 when Group.Status() is { PausedUntil: null, Remaining: > 0 }:
                        var wait = 16 + chance.Next(5_000);
                        Learn(Ask(), default, new HubRefusal(HubRefusalKind.RateLimited, wait * SendWindow.Second), null);
                        pausedUntil = _world.Time.GetUtcNow().AddSeconds(wait);
                        confirmed = _world.Time.GetUtcNow();
                        break;
                    case 2 when Group.Status() is { PausedUntil: null, Remaining: > 0 } && RefusalOf("m") is null:
                        Learn(Ask("m"), default, Terminal, "m");
                        openUntil = _world.Time.GetUtcNow().AddSeconds(59);
                        break;
                    default:
                        _world.Pass(TimeSpan.FromSeconds(chance.Next(6_000)));
                        break;
                }

                var now = _world.Time.GetUtcNow();
                Assert.True(Group.Status().Limit.Count == 20 || now - confirmed >= TimeSpan.FromHours(24), $"The limit is forgotten, seed {seed}.");
                Assert.True(Group.Status().PausedUntil is not null || pausedUntil <= now, $"A pause is forgotten, seed {seed}.");
                Assert.True(openUntil <= now || RefusalOf("m") == EntryRefusalKind.CircuitOpen, $"A refused model is forgotten, seed {seed}.");
            }
        }
    }

    private void LearnTwenty()
    {
        for (var i = 0; i < 2; i++)
            Learn(Ask(), new HubReport(60, 20, null), null, null);

        Assert.Equal(new RateLimit(20, 60), Group.Status().Limit);
    }

    private void Restart(TimeSpan down)
    {
        _world.Time.Advance(down);
        _lessons = _lessons.OfNextProcess();   // the one before is gone, and keeps nothing any more
        _groups = new RateGroups(_world.Options, _world.Time, new OpenLedger(), _lessons);
        foreach (var kept in _lessons.Load())
            Group.Recall(kept);
    }

    private Turn Ask(string? model = null)
    {
        var entry = new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(10)) { Need = new QueryNeed(model, 0, 0, Secret) };
        Assert.True(Group.Enter(entry).TryGet(out var turn, out _));
        return turn;
    }

    private EntryRefusalKind? RefusalOf(string? model)
    {
        var entry = new Entry("t", "", 1, QueryClass.Interactive, TimeSpan.FromHours(10)) { Need = new QueryNeed(model, 0, 0, Secret) };
        if (!Group.Enter(entry).TryGet(out var turn, out var refusal))
            return refusal.Kind;

        turn.GiveBack();
        return null;
    }

    private void Learn(Turn turn, HubReport report, HubRefusal? refusal, string? model)
    {
        if (!turn.IsGranted)
            _groups.Get(Key, Hundred).Forget(LessonKinds.Pause);

        turn.Leaving();
        turn.Sent();
        Group.Learn(turn, report, refusal, model);
        turn.Ended();
    }
}
