using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group has learned and keeps, and how it is taken up and taken back.</summary>
internal sealed partial class PacedGroup
{
    private GroupLessons? _lessons;   // made with the first that has to be kept

    /// <summary>Somebody knows better than the hub's last words: no pause, no model that is refused without being sent.</summary>
    /// <param name="source">Of the key: what holds only its secret's queries ends too.</param>
    public void Unpause(Guid source = default)
    {
        lock (Gate)
        {
            _lessons?.Circuits.Clear();
            _pacer.ResumeSource(source);
        }

        Resume();
    }

    /// <summary>
    /// Takes up what this hub taught before this process, or while the secret's keys were in another group. What is said to bind only that secret's queries, or
    /// does not fit the rules here, binds no others.
    /// </summary>
    internal void Recall(KeptLessons kept)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            var now = _clock.Now;
            TakeUp(kept, now);
            Step(now, changed);
        }

        WakeAll(changed);
    }

    /// <summary>What the hub taught is no longer believed; it is learned again if it still holds.</summary>
    /// <param name="source">Of the key: what binds only its secret's queries is meant too.</param>
    public void Forget(LessonKinds kinds, Guid source = default)
    {
        lock (Gate)
        {
            var now = _clock.Now;
            if (kinds.HasFlag(LessonKinds.Limit))
            {
                _learner?.Forget();
                _lessons?.Apart(source)?.ForgetLimit(now);
            }

            if (kinds.HasFlag(LessonKinds.Bursts))
            {
                _pacer.ForgetBursts(now);
                _lessons?.Apart(source)?.ForgetBursts(now);
            }

            if (kinds.HasFlag(LessonKinds.Circuits))
            {
                _lessons?.Circuits.Clear();
            }

            if (kinds.HasFlag(LessonKinds.Pause))
            {
                _pacer.Resume();
                _pacer.ResumeSource(source);
                _pacer.ResumeModels();
            }

            ApplyLimit(now);
            ApplyQuotas(now);
        }

        Kick();
        lock (Gate)
        {
            KeepLessons(Guid.Empty, _clock.Now);
        }
    }

    /// <summary>What goes along with the keys of a secret. Under the lock.</summary>
    private KeptLessons? CarriedLessons(Guid source, long now) =>
        HasAnyLesson(now) ? Lessons.Carried(source, _pacer, _learner, now) : null;

    /// <summary>The last keys of a secret have left: what its hub taught has left with them. Under the lock.</summary>
    private void LeaveLessons(Guid source, long now)
    {
        if (_lessons is not { } lessons)
        {
            return;
        }

        if (lessons.Teacher == source)
        {
            _learner?.Forget();
            _pacer.ForgetBursts(now);
        }

        if (_pacer.PausedFor == source)
        {
            _pacer.Resume();
        }

        _pacer.ResumeSource(source);
        lessons.Leave(source);
        ApplyLimit(now);
        ApplyQuotas(now);
    }

    /// <summary>Under the lock.</summary>
    private void TakeUp(KeptLessons kept, long now)
    {
        _learner ??= NewLearner();
        var fits = (kept.Limit is null || kept.Limit.Configured == _rules.Limit) && (kept.Bursts is null || _rules.Mode == PacingMode.Auto);
        if (kept.BindsSourceOnly || (!fits && kept.Source != Guid.Empty))
        {
            Lessons.RecallApart(kept, _pacer, now);
        }
        else
        {
            Lessons.Recall(kept, _pacer, _learner, now);
        }

        ApplyLimit(now);
        ApplyQuotas(now);
    }

    private bool HasAnyLesson(long now) => _lessons is not null || _learner?.Learned is not null || _pacer.LearnedBursts is not null || _pacer.PausedUntil > now || _pacer.SourcePausesAt(now).Count > 0;

    private GroupLessons Lessons => _lessons ??= new GroupLessons(this, _clock, _home.Lessons);

    private void KeepLessonsIfAny(long now) => _lessons?.Keep(Guid.Empty, _pacer, _learner, now);

    private void KeepLessons(Guid source, long now)
    {
        if (HasAnyLesson(now))
        {
            Lessons.Keep(source, _pacer, _learner, now);
        }
    }

    /// <summary>Ends what was not confirmed for a day. True when something is left that a new group would not know.</summary>
    private bool HasLessons(long now)
    {
        if (_lessons is null && _learner?.Learned is null && _pacer.LearnedBursts is null)
        {
            return _pacer.PausedUntil > now;
        }

        if (Lessons.Expire(_pacer, _learner, now))
        {
            ApplyLimit(now);
            ApplyQuotas(now);
        }

        KeepLessons(Guid.Empty, now);
        return Lessons.Any(_pacer, _learner, now);
    }
}
