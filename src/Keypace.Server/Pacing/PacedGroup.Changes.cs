using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing;

/// <summary>What people change of a group, and what its hub teaches.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>True when the group has quotas: then queries need estimates, and <see cref="Turn.Settle"/>.</summary>
    public bool HasQuotas => _terms.HasQuotas;

    /// <summary>The model that was asked for last; null: none.</summary>
    public string? LastAsked => _learning.LastAsked;

    /// <summary>A clean answer without any report may teach something too: that a lowered limit can rise again.</summary>
    public bool WantsAnswers => _learning.WantsAnswers;

    /// <summary>The journal knows all that was used before; false: only the records of usage do (<see cref="AssumeUsed"/>).</summary>
    internal bool KnowsPast => _credit.KnowsPast;

    /// <summary>Rules from now on, for those who wait too. Quotas must be without fault.</summary>
    internal void Configure(GroupRules rules)
    {
        bool isRetired;
        using (var step = Begin())
        {
            isRetired = _isRetired;
            if (!isRetired)
                _terms.Apply(rules, step.Now);
        }

        if (isRetired)
            _home.Successor(this).Configure(rules);
    }

    /// <summary>The guard that measurements ask for; rules that name one go before it.</summary>
    public void SuggestGuard(TimeSpan guard)
    {
        using var step = Begin();
        if (_terms.SuggestGuard(guard))
            _terms.Apply(_terms.Rules, step.Now);
    }

    /// <summary>
    /// An answer came. Call it for every answer that reports limits, for every refusal, and while anything was learned that a clean answer
    /// may undo (<see cref="WantsAnswers"/>); not before <see cref="Turn.Sent"/>.
    /// </summary>
    /// <param name="report">What the headers say of the request limit; default when nothing.</param>
    /// <param name="refusal">Null for an answer that is no refusal.</param>
    public void Learn(Turn turn, in HubReport report, HubRefusal? refusal, string? model)
    {
        PacedGroup? goneTo;
        using (var step = Begin())
        {
            goneTo = _departures?.Of(turn.ApiKeyId);
            if (goneTo is null)
                _learning.Heard(turn, report, refusal, model, step.Now);
        }

        goneTo?.Learn(turn, report, refusal, model);   // the hub speaks of the secret, and that is there now
    }

    /// <summary>Takes up what this hub taught before this process.</summary>
    internal void Recall(KeptLessons kept)
    {
        using var step = Begin();
        _learning.TakeUp(kept, step.Now);
    }

    /// <summary>Somebody knows better than the hub's last words: no pause, no model that is refused without being sent.</summary>
    /// <param name="source">Of the key: what holds only its secret's queries ends too.</param>
    public void Unpause(Guid source = default)
    {
        using var step = Begin();
        _learning.Unpause(source, step.Now);
    }

    /// <summary>What the hub taught is no longer believed; it is learned again if it still holds.</summary>
    /// <param name="source">Of the key: what binds only its secret's queries is meant too.</param>
    public void Forget(LessonKinds kinds, Guid source = default)
    {
        using var step = Begin();
        _learning.Forget(kinds, source, step.Now);
        AdvanceUnderLock(step.Now, step.Changed);   // what is kept is what is known once those who were held are gone
        _learning.Keep(Guid.Empty, step.Now);
    }

    /// <summary>What records say that a process before this one used, oldest first. Before anything is asked for.</summary>
    internal void AssumeUsed(IReadOnlyList<PastUse> uses)
    {
        lock (Gate)
            _credit.AssumeUsed(uses);
    }

    /// <summary>Limits of requests that were just set count what only records tell of: what was sent longer ago than anything here reaches back.</summary>
    internal void AssumeOlder(IReadOnlyList<Quota> quotas, IReadOnlyList<PastUse> sends)
    {
        lock (Gate)
            _credit.AssumeOlder(quotas, sends);
    }
}
