using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group learns from its hub's answers.</summary>
internal sealed partial class PacedGroup
{
    private const int MostEvents = 50;

    private LimitLearner? _learner;                      // made with the first answer that says anything
    private Queue<GroupEvent>? _events;
    private GroupLessons? _lessons;                      // and with the first that has to be kept
    private OutputEstimates? _estimates;
    private HubReport? _reported;
    private int _inFlight;

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
        }

        if (goneTo is not null)
        {
            goneTo.Learn(turn, report, refusal, model);   // the hub speaks of the secret, and that is there now
            return;
        }

        lock (Gate)
        {
            var now = _clock.Now;
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
                KeepLessons(turn.Source, now);
            }

            Step(now, changed);
        }

        WakeAll(changed);
    }

    /// <summary>Everything that the hub's headers said last about limits, of whatever kind; for people, it decides nothing. Null when they said nothing yet.</summary>
    public HubReadings? Heard { get; set; }

    /// <summary>A clean answer without any report may teach something too: that a lowered limit can rise again.</summary>
    public bool WantsAnswers => Volatile.Read(ref _learner) is not null;

    /// <summary>Learned estimate of an answer's tokens; <see cref="OutputEstimates.Of"/>.</summary>
    public long EstimateOutput(string model, long? mostTokens, long otherwise)
    {
        lock (Gate)
        {
            return _estimates?.Of(model, mostTokens, otherwise) ?? mostTokens ?? otherwise;
        }
    }

    /// <summary>Output tokens that are reserved at most for an answer of which nothing is known.</summary>
    public long MostGuess(string? model, long input)
    {
        lock (Gate)
        {
            return _pacer.MostGuess(model, input);
        }
    }

    /// <summary>True when the group has quotas: then queries need estimates, and <see cref="Turn.Settle"/>.</summary>
    public bool HasQuotas { get; private set; }

    internal void Settle(Turn turn, long inputTokens, long outputTokens)
    {
        Guest[] guests;
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _pacer.Settle(turn, inputTokens, outputTokens, now);
            NoteSettled(turn, inputTokens, outputTokens);
            guests = turn.Guests.ToArray();
            if (turn.Need.Model is { } model)
            {
                (_estimates ??= new OutputEstimates()).Learn(model, outputTokens);
            }

            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            guest.Group.Settled(guest, inputTokens, outputTokens);
        }
    }

    internal void Ended(Turn turn)
    {
        Guest[] guests;
        Interlocked.Decrement(ref _inFlight);
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _pacer.Ended(turn);
            NoteEnded(turn, now);
            guests = turn.Guests.ToArray();
            Step(now, changed);
        }

        WakeAll(changed);
        foreach (var guest in guests)
        {
            guest.Group.Ended(guest);
        }
    }

    /// <summary>Somebody knows better than the hub's last words: no pause, no model that is refused without being sent.</summary>
    public void Unpause()
    {
        lock (Gate)
        {
            _lessons?.CloseCircuits();
        }

        Resume();
    }

    /// <summary>Takes up what this hub taught before this process, or while the secret belonged to this group earlier.</summary>
    internal void Recall(KeptLessons kept)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            _learner ??= NewLearner();
            Lessons.Recall(kept, _pacer, _learner, now);
            ApplyLimit(now);
            Step(now, changed);
        }

        WakeAll(changed);
    }

    /// <summary>What the hub taught is no longer believed; it is learned again if it still holds.</summary>
    public void Forget(LessonKinds kinds)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            if (kinds.HasFlag(LessonKinds.Limit) && _learner is not null)
            {
                _learner.Forget();
                ApplyLimit(now);
            }

            if (kinds.HasFlag(LessonKinds.Bursts))
            {
                _pacer.ForgetBursts(now);
            }

            if (kinds.HasFlag(LessonKinds.Circuits))
            {
                _lessons?.CloseCircuits();
            }

            if (kinds.HasFlag(LessonKinds.Pause))
            {
                _pacer.Resume();
            }
        }

        Kick();
        lock (Gate)
        {
            KeepLessons(Guid.Empty, _clock.Now);
        }
    }

    private GroupLessons Lessons => _lessons ??= new GroupLessons(this, _clock, _home.Lessons);

    private void KeepLessonsIfAny(long now) => _lessons?.Keep(Guid.Empty, _pacer, _learner, now);

    private void KeepLessons(Guid source, long now)
    {
        if (_lessons is not null || _learner?.Learned is not null || _pacer.LearnedBursts is not null || _pacer.PausedUntil > now)
        {
            Lessons.Keep(source, _pacer, _learner, now);
        }
    }

    /// <summary>Ends what was not confirmed for a day. True when something is left that a new group would not know.</summary>
    private bool HasLessons(long now)
    {
        if (_learner is null && _lessons is null)
        {
            return _pacer.PausedUntil > now;
        }

        if (_lessons is null && _learner?.Learned is null && _pacer.LearnedBursts is null)
        {
            return _pacer.PausedUntil > now;
        }

        if (GroupLessons.Expire(_pacer, _learner, now))
        {
            ApplyLimit(now);
        }

        KeepLessons(Guid.Empty, now);
        return Lessons.Any(_pacer, _learner, now);
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
            Note(new(PacingEventKind.BurstsShrunk, cause, bursts, _pacer.Shape.Burst, now));
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
            Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, bursts, _pacer.Shape.Burst, now));
        }

        if (lesson.ForeignSends > 0)
        {
            _pacer.AssumeSent(lesson.ForeignSends, now);
        }

        if (lesson.PauseUntil > 0)
        {
            if (lesson.AskEvery > 0)
            {
                _pacer.PauseUntil(lesson.PauseUntil, PauseWords.OutOfReason, lesson.AskEvery);
            }
            else
            {
                _pacer.PauseUntil(lesson.PauseUntil, PauseWords.Of(cause));
            }

            _pacer.PausedFor = _pacer.PausedUntil == lesson.PauseUntil ? turn.Need.Source : _pacer.PausedFor;
        }

        if (lesson.CircuitUntil > 0)
        {
            Lessons.Open(model, lesson.CircuitUntil);
        }

        if (lesson.Event is { } learned && !(learned.Kind == PacingEventKind.Paused && lesson.ShrinkBursts))
        {
            Note(learned);
        }
    }

    private void NoteGrowth(int before, long now)
    {
        if (_pacer.Shape.Burst is var burst && burst > before)
        {
            Note(new(PacingEventKind.BurstsGrown, PacingCause.CleanWindows, before, burst, now));
        }
    }

    private void Note(PacingEvent what)
    {
        _events ??= new Queue<GroupEvent>();
        if (_events.Count == MostEvents)
        {
            _events.Dequeue();
        }

        _events.Enqueue(new GroupEvent(_clock.WallAt(what.At, what.At), what));
    }
}

/// <summary>Something that the pacer did by itself, with the wall clock's time.</summary>
internal sealed record GroupEvent(DateTimeOffset At, PacingEvent What);

/// <summary>The reason of a pause in words, for pages and answers.</summary>
internal static class PauseWords
{
    /// <summary>A wait of more than a day.</summary>
    public const string OutOfReason = "the hub said to wait for more than a day; after an hour one query asks whether it answers again";

    public static string Of(PacingCause cause) => cause switch
    {
        PacingCause.Overloaded => "the hub is overloaded",
        PacingCause.RefusedWithWait => "the hub answered 429 and said how long to wait",
        _ => "the hub answered 429",
    };
}
