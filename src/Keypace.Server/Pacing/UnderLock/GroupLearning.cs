using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What a rate group learns from its hub's answers: about one query, one model, one secret, or all that it paces.</summary>
internal sealed partial class GroupLearning(Guid groupId, GroupTerms terms, Pacer pacer, MonotonicClock clock, ILessonStore store)
{
    private RefusalScopes? _scopes;
    private GroupEvents? _events;

    /// <summary>Queries that were sent and have not ended.</summary>
    public int InFlight { get; set; }

    /// <summary>What the hub's headers said last of its request limit; null when they said nothing.</summary>
    public HubReport? Reported { get; private set; }

    /// <summary>What happened, newest first.</summary>
    public IReadOnlyList<GroupEvent> Events => _events?.NewestFirst() ?? [];

    /// <summary>The model that was asked for last; null: none. Readable without the lock.</summary>
    public string? LastAsked => Volatile.Read(ref _scopes)?.LastAsked;

    /// <summary>A clean answer without any report may teach something too: that a lowered limit can rise again. Readable without the lock.</summary>
    public bool WantsAnswers => terms.Learner is not null || Volatile.Read(ref _scopes) is { IsAnyRefused: true };

    private RefusalScopes Scopes => _scopes ??= new RefusalScopes(groupId.GetHashCode());

    private GroupLessons Lessons => terms.Lessons ??= new GroupLessons(groupId, clock, store);

    /// <summary>How long a query to this model is refused without being sent, because its hub said that waiting does not help; null: it is not.</summary>
    public TimeSpan? RefusesFor(Guid source, string? model, long now) => terms.Lessons?.Circuits.WaitOf(source, model, now);

    /// <summary>Somebody asks for a model: what the group learned may be another's alone.</summary>
    public void Asked(string model, long now)
    {
        if (Scopes.Asked(model, now) is not { } taught)
            return;

        if (pacer.PausedUntil > now)
            pacer.PauseModel(taught, pacer.PausedUntil, pacer.PausedWhy ?? "");

        foreach (var pause in pacer.SourcePausesAt(now).Where(pause => pause.Source == terms.Lessons?.Teacher))
        {
            pacer.PauseModel(taught, pause.Until, pause.Why);
            pacer.ResumeSource(pause.Source);
        }

        terms.Learner?.Forget();
        pacer.ForgetBursts(now);
        pacer.Resume();
        terms.ApplyLearned(now);
        KeepIfAny(now);
    }

    /// <summary>A query was sent.</summary>
    /// <param name="bursts">How bursts went before it.</param>
    public void Sent(Turn turn, int bursts, long now)
    {
        InFlight++;
        if (terms.Learner is not null && pacer.Shape.Burst is var burst && burst > bursts)
            Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, bursts, burst, now));

        if (terms.Lessons?.Sent(turn.Source, now) == true)
            terms.ApplyQuotas(now);
    }

    /// <summary>An answer came, or a refusal.</summary>
    public void Heard(Turn turn, in HubReport report, HubRefusal? refusal, string? model, long now)
    {
        if (IsOnesOwn(turn, refusal, model, now))
            return;

        // Headers that speak of another interval than what came along are for the group.
        if (terms.Lessons?.Apart(turn.Source, refusal is not null || report.Limit is null ? null : report.IntervalSeconds) is { } apart)
        {
            HeardApart(apart, turn, report, refusal, model, now);
            return;
        }

        var learner = terms.Learn();
        Reported = report.Limit is null ? Reported : report;
        var own = new OwnView(pacer.Limit.Seconds, pacer.Remaining(now), InFlight, turn.SentAt, pacer.CanShrinkBursts)
        {
            SentBefore = refusal is not null || learner.CountsSends ? pacer.SentBefore(turn.SentAt) : 0,
            ShapedAt = pacer.Shape.Since,
        };
        var lesson = refusal is { } refused ? learner.Refused(refused, report, own, now) : learner.Answered(report, own, now);
        Apply(lesson, turn, model, now);
        var isPauseOver = refusal is null && pacer.Answered(turn);
        if (lesson != default || isPauseOver)
            Keep(IsOfOneSource(lesson) ? Guid.Empty : turn.Source, now);
    }

    /// <summary>A refusal that is about one model or one query: the group learns nothing of it.</summary>
    private bool IsOnesOwn(Turn turn, HubRefusal? answer, string? model, long now)
    {
        if (answer is not { } refusal)
        {
            _scopes?.Answered(model ?? turn.Need.Model, turn.SentAt);
            return false;
        }

        switch (Scopes.Of(model, refusal, turn.SentAt, now))
        {
            case RefusalScope.Query:
                if (Scopes.TakeBack(turn.Order, pacer, terms.Learner, now))
                {
                    pacer.ResumeSource(turn.Source);
                    terms.ApplyLimit(now);
                    KeepIfAny(now);
                }

                return true;
            case RefusalScope.Model:
                Note(Scopes.Pause(pacer, model!, refusal, turn.SentAt, now));
                return true;
            default:
                Scopes.Teaches(turn.Order, pacer);
                return false;
        }
    }

    /// <summary>What the hub says of a secret that brought lessons along is about that secret.</summary>
    private void HeardApart(SourceLessons apart, Turn turn, in HubReport report, HubRefusal? refusal, string? model, long now)
    {
        var before = apart.CountsSends || refusal is not null ? pacer.SentBefore(turn.Source, turn.SentAt, apart.IntervalSeconds) : 0;
        var lesson = apart.Answered(report, refusal, turn.SentAt, before, now);
        if (lesson.PauseUntil > 0)
            PauseSource(turn.Source, lesson);

        if (lesson.CircuitUntil > 0)
            Lessons.Circuits.Add(turn.Source, model, lesson.CircuitUntil);

        if (lesson.Event is { } learned)
            Note(learned);

        if (lesson != default)
        {
            terms.ApplyQuotas(now);
            Keep(Guid.Empty, now);
        }
    }

    private void Apply(in Lesson lesson, Turn turn, string? model, long now)
    {
        var (bursts, cause) = (pacer.Shape.Burst, lesson.Event?.Cause ?? PacingCause.RefusedWithoutWait);
        if (lesson.ShrinkBursts && pacer.Refused(turn.SentAt, now))
            Note(new(PacingEventKind.BurstsShrunk, cause, bursts, pacer.Shape.Burst, now));

        if (lesson.Limit is not null)
            terms.ApplyLimit(now);

        if (lesson.ExcuseBursts)
            pacer.ExcuseBursts();

        if (lesson.RestoreBursts && pacer.RestoreBursts(now))
            Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, bursts, pacer.Shape.Burst, now));

        if (lesson.ForeignSends > 0)
            pacer.AssumeSent(lesson.ForeignSends, now);

        if (lesson.PauseUntil > 0)
            Pause(turn.Source, lesson, cause);

        if (lesson.CircuitUntil > 0)
            Lessons.Circuits.Add(turn.Source, model, lesson.CircuitUntil);

        if (lesson.Event is { } learned && !(learned.Kind == PacingEventKind.Paused && lesson.ShrinkBursts))
            Note(learned);
    }

    /// <summary>A hub speaks to one account, also when it is overloaded: others of the group may have another hub, and go on.</summary>
    private void Pause(Guid source, in Lesson lesson, PacingCause cause)
    {
        if (terms.Rules.HasSeveralSources && source != Guid.Empty)
        {
            PauseSource(source, lesson);
            return;
        }

        if (lesson.AskEvery > 0)
            pacer.PauseUntil(lesson.PauseUntil, PauseWords.OutOfReason, lesson.AskEvery);
        else
            pacer.PauseUntil(lesson.PauseUntil, PauseWords.Of(cause));

        pacer.PausedFor = pacer.PausedUntil == lesson.PauseUntil ? source : pacer.PausedFor;
    }

    /// <summary>It binds no others, so who taught the group is who did before.</summary>
    private bool IsOfOneSource(in Lesson lesson) => lesson.CircuitUntil > 0
        || (terms.Rules.HasSeveralSources && lesson is { PauseUntil: > 0, Limit: null, ShrinkBursts: false });

    private void PauseSource(Guid source, in Lesson lesson) => pacer.PauseSource(
        source, lesson.PauseUntil, lesson.AskEvery > 0 ? PauseWords.OutOfReason : PauseWords.Of(lesson.Event?.Cause ?? PacingCause.RefusedWithoutWait), lesson.AskEvery);

    private void Note(PacingEvent what) => (_events ??= new GroupEvents(clock)).Note(what);
}
