using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>Refusals that concern one model or one query: <see cref="RefusalScopes"/> decides, under the lock.</summary>
internal sealed partial class PacedGroup
{
    private RefusalScopes? _scopes;

    /// <summary>The model that was asked for last; null: none.</summary>
    public string? LastAsked => Volatile.Read(ref _scopes)?.LastAsked;

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
                if (Scopes.TakeBack(turn.Order, _pacer, _learner, now))
                {
                    _pacer.ResumeSource(turn.Source);
                    ApplyLimit(now);
                    KeepLessonsIfAny(now);
                }

                return true;
            case RefusalScope.Model:
                Events.Note(Scopes.Pause(_pacer, model!, refusal, turn.SentAt, now));
                return true;
            default:
                Scopes.Teaches(turn.Order, _pacer);
                return false;
        }
    }

    /// <summary>Somebody asks for a model: what the group learned may be another's alone.</summary>
    private void NoteAsked(string model, long now)
    {
        if (Scopes.Asked(model, now) is not { } taught)
        {
            return;
        }

        if (_pacer.PausedUntil > now)
        {
            _pacer.PauseModel(taught, _pacer.PausedUntil, _pacer.PausedWhy ?? "");
        }

        foreach (var pause in _pacer.SourcePausesAt(now).Where(pause => pause.Source == _lessons?.Teacher))
        {
            _pacer.PauseModel(taught, pause.Until, pause.Why);
            _pacer.ResumeSource(pause.Source);
        }

        _learner?.Forget();
        _pacer.ForgetBursts(now);
        _pacer.Resume();
        ApplyLimit(now);
        ApplyQuotas(now);
        KeepLessonsIfAny(now);
    }

    private RefusalScopes Scopes => _scopes ??= new RefusalScopes(Id.GetHashCode());
}
