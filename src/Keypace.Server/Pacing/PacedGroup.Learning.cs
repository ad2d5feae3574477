using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group learns from its hub's answers.</summary>
internal sealed partial class PacedGroup
{
    private LimitLearner? _learner;                      // made with the first answer that says anything
    private GroupEvents? _events;
    private HubReport? _reported;
    private int _inFlight;

    private GroupEvents Events => _events ??= new GroupEvents(_clock);

    /// <summary>
    /// An answer came. Call it for every answer that reports limits, for every refusal, and while anything was learned that a clean answer
    /// may undo (<see cref="WantsAnswers"/>); not before <see cref="Turn.Sent"/>.
    /// </summary>
    /// <param name="report">What the headers say of the request limit; default when nothing.</param>
    /// <param name="refusal">Null for an answer that is no refusal.</param>
    public void Learn(Turn turn, in HubReport report, HubRefusal? refusal, string? model)
    {
        var changed = s_changed ??= [];
        PacedGroup? goneTo;
        lock (Gate)
        {
            goneTo = GoneTo(turn.ApiKeyId);
            if (goneTo is null)
            {
                var now = _clock.Now;
                if (!IsOnesOwn(turn, refusal, model, now))
                {
                    LearnHere(turn, report, refusal, model, now);
                }

                Step(now, changed);
            }
        }

        WakeAll(changed);
        goneTo?.Learn(turn, report, refusal, model);   // the hub speaks of the secret, and that is there now
    }

    private void LearnHere(Turn turn, in HubReport report, HubRefusal? refusal, string? model, long now)
    {
        // Headers that speak of another interval than what came along are for the group.
        if (_lessons?.Apart(turn.Source) is { } apart && (refusal is not null || report.Limit is null || report.IntervalSeconds == apart.IntervalSeconds))
        {
            LearnApart(apart, turn, report, refusal, model, now);
            return;
        }

        _learner ??= NewLearner();
        _reported = report.Limit is null ? _reported : report;
        var own = new OwnView(_pacer.Limit.Seconds, _pacer.Remaining(now), Volatile.Read(ref _inFlight), turn.SentAt, _pacer.CanShrinkBursts)
        {
            SentBefore = refusal is not null || _learner.CountsSends ? _pacer.SentBefore(turn.SentAt) : 0,
            ShapedAt = _pacer.Shape.Since,
        };
        var lesson = refusal is { } refused ? _learner.Refused(refused, report, own, now) : _learner.Answered(report, own, now);
        Apply(lesson, turn, model, now);
        var isPauseOver = refusal is null && _pacer.Answered(turn);
        if (lesson != default || isPauseOver)
        {
            KeepLessons(IsOfOneSource(lesson) ? Guid.Empty : turn.Source, now);
        }
    }

    /// <summary>Everything that the hub's headers said last about limits, of whatever kind; for people, it decides nothing. Null when they said nothing yet.</summary>
    public HubReadings? Heard { get; set; }

    /// <summary>A clean answer without any report may teach something too: that a lowered limit can rise again.</summary>
    public bool WantsAnswers => Volatile.Read(ref _learner) is not null || Volatile.Read(ref _scopes) is { IsAnyRefused: true };

    /// <summary>What the hub says of a secret that brought lessons along is about that secret.</summary>
    private void LearnApart(SourceLessons apart, Turn turn, in HubReport report, HubRefusal? refusal, string? model, long now)
    {
        var before = apart.CountsSends || refusal is not null ? _pacer.SentBefore(turn.Source, turn.SentAt, apart.IntervalSeconds) : 0;
        var lesson = apart.Answered(report, refusal, turn.SentAt, before, now);
        if (lesson.PauseUntil > 0)
        {
            PauseSource(turn.Source, lesson);
        }

        if (lesson.CircuitUntil > 0)
        {
            Lessons.Circuits.Add(turn.Source, model, lesson.CircuitUntil);
        }

        if (lesson.Event is { } learned)
        {
            Events.Note(learned);
        }

        if (lesson != default)
        {
            ApplyQuotas(now);
            KeepLessons(Guid.Empty, now);
        }
    }

    private LimitLearner NewLearner()
    {
        var learner = new LimitLearner(_rules.Limit, _rules.MayRaise, Id.GetHashCode());
        learner.Configure(_rules.Limit, _rules.MayRaise, _rules.IsFrozen);
        return learner;
    }

    private void Apply(in Lesson lesson, Turn turn, string? model, long now)
    {
        var (bursts, cause) = (_pacer.Shape.Burst, lesson.Event?.Cause ?? PacingCause.RefusedWithoutWait);
        if (lesson.ShrinkBursts && _pacer.Refused(turn.SentAt, now))
        {
            Events.Note(new(PacingEventKind.BurstsShrunk, cause, bursts, _pacer.Shape.Burst, now));
        }

        if (lesson.Limit is not null)
        {
            ApplyLimit(now);
        }

        if (lesson.ExcuseBursts)
        {
            _pacer.ExcuseBursts();
        }

        if (lesson.RestoreBursts && _pacer.RestoreBursts(now))
        {
            Events.Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, bursts, _pacer.Shape.Burst, now));
        }

        if (lesson.ForeignSends > 0)
        {
            _pacer.AssumeSent(lesson.ForeignSends, now);
        }

        if (lesson.PauseUntil > 0)
        {
            Pause(turn.Source, lesson, cause);
        }

        if (lesson.CircuitUntil > 0)
        {
            Lessons.Circuits.Add(turn.Source, model, lesson.CircuitUntil);
        }

        if (lesson.Event is { } learned && !(learned.Kind == PacingEventKind.Paused && lesson.ShrinkBursts))
        {
            Events.Note(learned);
        }
    }

    /// <summary>A hub speaks to one account, also when it is overloaded: others of the group may have another hub, and go on.</summary>
    private void Pause(Guid source, in Lesson lesson, PacingCause cause)
    {
        if (_rules.HasSeveralSources && source != Guid.Empty)
        {
            PauseSource(source, lesson);
            return;
        }

        if (lesson.AskEvery > 0)
        {
            _pacer.PauseUntil(lesson.PauseUntil, PauseWords.OutOfReason, lesson.AskEvery);
        }
        else
        {
            _pacer.PauseUntil(lesson.PauseUntil, PauseWords.Of(cause));
        }

        _pacer.PausedFor = _pacer.PausedUntil == lesson.PauseUntil ? source : _pacer.PausedFor;
    }

    /// <summary>It binds no others, so who taught the group is who did before.</summary>
    private bool IsOfOneSource(in Lesson lesson) => lesson.CircuitUntil > 0
        || (_rules.HasSeveralSources && lesson is { PauseUntil: > 0, Limit: null, ShrinkBursts: false });

    private void PauseSource(Guid source, in Lesson lesson) => _pacer.PauseSource(
        source, lesson.PauseUntil, lesson.AskEvery > 0 ? PauseWords.OutOfReason : PauseWords.Of(lesson.Event?.Cause ?? PacingCause.RefusedWithoutWait), lesson.AskEvery);

    private void NoteGrowth(int before, long now)
    {
        if (_pacer.Shape.Burst is var burst && burst > before)
        {
            Events.Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, before, burst, now));
        }
    }
}
