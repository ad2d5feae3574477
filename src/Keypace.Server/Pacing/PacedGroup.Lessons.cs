using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What a rate group has learned and keeps, and how it is taken up and taken back.</summary>
internal sealed partial class PacedGroup
{
    private GroupLessons? _lessons;   // made with the first that has to be kept

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
}
