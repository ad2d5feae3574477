using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>
/// Keeps refusals where they belong: what concerns one model or one query teaches the rate group nothing and holds nobody else. Everything runs under the
/// group's lock.
/// </summary>
/// <param name="seed">Of the jitter.</param>
internal sealed class RefusalScopes(int seed)
{
    private string? _only;            // the one model that was ever asked for; a key that knows no other needs no more
    private ModelFates? _fates;
    private string? _taughtBy;        // a model whose own refusals taught the group's limit, while nobody asked for another
    private (long Order, int Limit, bool HadBursts)? _lastTaught;   // the query that taught last, and what was known before it

    /// <summary>What was asked for last; only to recognise it again without another copy.</summary>
    public string? LastAsked { get; private set; }

    /// <summary>Answers are worth telling.</summary>
    public bool IsAnyRefused { get; private set; }

    /// <summary>Somebody asks for this model. The model by whose refusals alone the group learned what it knows, where that is another; else null.</summary>
    public string? Asked(string model, long now)
    {
        LastAsked = model;
        if (_fates is null)
        {
            if (_only is null || _only == model)
            {
                _only ??= model;
                return null;
            }

            Fates.Asked(_only, now);
        }

        Fates.Asked(model, now);
        if (_taughtBy is not { } taught || taught == model)
            return null;

        _taughtBy = null;
        return taught;
    }

    public void Answered(string? model, long sentAt)
    {
        if (_fates is not null && model is not null)
        {
            _fates.Answered(model, sentAt);
            IsAnyRefused = _fates.IsAnyRefused;
        }
    }

    /// <summary>Whom this refusal concerns. With <see cref="RefusalScope.Key"/> the group learns from it.</summary>
    public RefusalScope Of(string? model, in HubRefusal refusal, long sentAt, long now)
    {
        if (refusal.Scope is RefusalScope.Query || model is null || refusal.Kind is HubRefusalKind.NoQuota or HubRefusalKind.Terminal)
            return refusal.Scope is RefusalScope.Query ? RefusalScope.Query : RefusalScope.Key;

        var seen = Fates.Refused(model, sentAt, now);
        IsAnyRefused = true;
        if (refusal.Scope is not RefusalScope.Model)
            return seen;

        // Where no other model is asked for, its limit is learned as the key's, until another is: it waits no longer than it must.
        var isAlone = Fates.IsAlone(model, now);
        _taughtBy = isAlone ? model : _taughtBy;
        return isAlone ? RefusalScope.Key : RefusalScope.Model;
    }

    /// <summary>The model waits, and nobody else. What happened.</summary>
    public PacingEvent Pause(Pacer pacer, string model, in HubRefusal refusal, long sentAt, long now)
    {
        var until = Fates.WaitsUntil(model, refusal.Wait, sentAt, now);
        var cause = refusal.Kind is HubRefusalKind.Overloaded ? PacingCause.Overloaded
            : refusal.Wait is null ? PacingCause.RefusedWithoutWait : PacingCause.RefusedWithWait;
        pacer.PauseModel(model, until, PauseWords.Of(cause));
        return new PacingEvent(PacingEventKind.ModelPaused, cause, null, (until - now) / 1_000_000, now) { Model = model };
    }

    /// <summary>The group is about to learn from this query's refusal.</summary>
    public void Teaches(long order, Pacer pacer) => _lastTaught = (order, pacer.Limit.Count, pacer.LearnedBursts is not null);

    /// <summary>The refusal turned out to be about the query itself: what it taught the group last is taken back. True when there was something.</summary>
    public bool TakeBack(long order, Pacer pacer, LimitLearner? learner, long now)
    {
        if (_lastTaught is not { } taught || taught.Order != order)
            return false;

        _lastTaught = null;
        learner?.TakeBack(taught.Limit);
        if (!taught.HadBursts)
            pacer.ForgetBursts(now);

        pacer.Resume();
        return true;
    }

    private ModelFates Fates => _fates ??= new ModelFates(seed);
}
