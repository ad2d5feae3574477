using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>How what was learned is kept, taken up, taken back, and goes along with the keys of its secret.</summary>
internal sealed partial class GroupLearning
{
    /// <summary>
    /// Takes up what this hub taught before this process, or while the secret's keys were in another group. What is said to bind only that secret's queries, or
    /// does not fit the rules here, binds no others.
    /// </summary>
    public void TakeUp(KeptLessons kept, long now)
    {
        var learner = terms.Learn();
        foreach (var part in kept.Parts())
        {
            var fits = (part.Limit is null || part.Limit.Configured == terms.Rules.Limit) && (part.Bursts is null || terms.Rules.Mode == PacingMode.Auto);
            if (part.BindsSourceOnly || kept.BindsSourceOnly || (!fits && part.Source != Guid.Empty))
                Lessons.RecallApart(part, pacer, now);
            else
                Lessons.Recall(part, terms.Rules.HasSeveralSources, pacer, learner, now);
        }

        Lessons.IsKept(kept);
        terms.ApplyLearned(now);
    }

    /// <summary>Somebody knows better than the hub's last words: no pause, no model that is refused without being sent.</summary>
    /// <param name="source">Of the key: what holds only its secret's queries ends too.</param>
    public void Unpause(Guid source, long now)
    {
        terms.Lessons?.Circuits.Clear();
        pacer.ResumeSource(source);
        pacer.Resume();
        pacer.ResumeModels();
        KeepIfAny(now);
    }

    /// <summary>What the hub taught is no longer believed; it is learned again if it still holds.</summary>
    /// <param name="source">Of the key: what binds only its secret's queries is meant too.</param>
    public void Forget(LessonKinds kinds, Guid source, long now)
    {
        if (kinds.HasFlag(LessonKinds.Limit))
        {
            terms.Learner?.Forget();
            terms.Lessons?.ForgetApart(source, LessonKinds.Limit, now);
        }

        if (kinds.HasFlag(LessonKinds.Bursts))
        {
            pacer.ForgetBursts(now);
            terms.Lessons?.ForgetApart(source, LessonKinds.Bursts, now);
        }

        if (kinds.HasFlag(LessonKinds.Circuits))
            terms.Lessons?.Circuits.Clear();

        if (kinds.HasFlag(LessonKinds.Pause))
        {
            pacer.Resume();
            pacer.ResumeSource(source);
            pacer.ResumeModels();
        }

        terms.ApplyLearned(now);
    }

    /// <summary>What goes along with the keys of a secret; null for nothing.</summary>
    public KeptLessons? Carried(Guid source, long now) => HasAny(now) ? Lessons.Carried(source, pacer, terms.Learner, now) : null;

    /// <summary>Keys of a secret come with what its hub taught.</summary>
    public void Arrive(KeptLessons lessons, long now)
    {
        TakeUp(lessons, now);
        Lessons.Come(lessons.Source);
    }

    /// <summary>The last keys of a secret have left: what its hub taught has left with them.</summary>
    public void Leave(Guid source, long now)
    {
        if (terms.Lessons is not { } lessons)
            return;

        if (lessons.Teacher == source)
        {
            terms.Learner?.Forget();
            pacer.ForgetBursts(now);
        }

        if (pacer.PausedFor == source)
            pacer.Resume();

        pacer.ResumeSource(source);
        lessons.Leave(source);
        terms.ApplyLearned(now);
    }

    /// <summary>Ends what was not confirmed for a day. True when something is left that a new group would not know.</summary>
    public bool HasLessons(long now)
    {
        if (terms is { Lessons: null, Learner: null or { Learned: null } } && pacer.LearnedBursts is null)
            return pacer.PausedUntil > now;

        if (Lessons.Expire(pacer, terms.Learner, now))
            terms.ApplyLearned(now);

        Keep(Guid.Empty, now);
        return Lessons.Any(pacer, terms.Learner, now);
    }

    /// <summary>What is known now is kept where anything ever was.</summary>
    public void KeepIfAny(long now) => terms.Lessons?.Keep(Guid.Empty, pacer, terms.Learner, now);

    /// <summary>What is known now is kept.</summary>
    /// <param name="source">Who taught it; empty: who taught the rest.</param>
    public void Keep(Guid source, long now)
    {
        if (HasAny(now))
            Lessons.Keep(source, pacer, terms.Learner, now);
    }

    private bool HasAny(long now) => terms.Lessons is not null || terms.Learner?.Learned is not null || pacer.LearnedBursts is not null
        || pacer.PausedUntil > now || pacer.SourcePausesAt(now).Count > 0;
}
