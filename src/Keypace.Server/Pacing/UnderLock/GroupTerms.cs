using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What rules a rate group: what people set, and what its hub taught on top of it.</summary>
internal sealed class GroupTerms(Guid groupId, GroupRules rules, Pacer pacer, MonotonicClock clock, PacingOptions options, GroupCredit credit)
{
    private LimitLearner? _learner;   // made with the first answer that says anything
    private TimeSpan? _suggestedGuard;

    /// <summary>What people set.</summary>
    public GroupRules Rules { get; private set; } = rules;

    /// <summary>Null while nothing was learned. Readable without the lock.</summary>
    public LimitLearner? Learner => Volatile.Read(ref _learner);

    /// <summary>What single secrets' hubs taught besides; null for nothing.</summary>
    public GroupLessons? Lessons { get; set; }

    /// <summary>There are limits beside the rate limit: queries need estimates. Readable without the lock.</summary>
    public bool HasQuotas { get; private set; }

    /// <summary>The learner; made now where there is none.</summary>
    public LimitLearner Learn()
    {
        if (_learner is { } known)
            return known;

        var learner = new LimitLearner(Rules.Limit, Rules.MayRaise, groupId.GetHashCode());
        learner.Configure(Rules.Limit, Rules.MayRaise, Rules.IsFrozen);
        return _learner = learner;
    }

    /// <summary>Rules from now on, for those who wait too.</summary>
    public void Apply(GroupRules next, long now)
    {
        Rules = next;
        credit.Configure(next);
        if (next.HasSeveralSources)
            pacer.PartPause(now);

        _learner?.Configure(next.Limit, next.MayRaise, next.IsFrozen);
        ApplyLimit(now);
        var mode = next.IsFrozen && next.Mode == PacingMode.Auto ? next.StartsSmooth ? PacingMode.Smooth : PacingMode.Burst : next.Mode;
        pacer.ChangeShape(mode, next.StartsSmooth, now);
        if (ApplyQuotas(now))
            credit.ConfigureUses();

        HasQuotas = next.Quotas.Count > 0 || pacer.KnowsTokens;
    }

    /// <summary>What was taken over from another group may count tokens.</summary>
    public void TookOver() => HasQuotas |= pacer.KnowsTokens;

    /// <summary>The guard that measurements ask for; rules that name one go before it. False when it is that already.</summary>
    public bool SuggestGuard(TimeSpan guard)
    {
        if (_suggestedGuard == guard)
            return false;

        _suggestedGuard = guard;
        return true;
    }

    /// <summary>What was set and what was learned on top of it count from now on.</summary>
    public void ApplyLearned(long now)
    {
        ApplyLimit(now);
        ApplyQuotas(now);
    }

    /// <summary>What was set, and what the hubs of single secrets taught besides. True when something changed.</summary>
    public bool ApplyQuotas(long now)
    {
        IReadOnlyList<Quota> quotas = Lessons is null || Rules.IsFrozen ? Rules.Quotas : [.. Rules.Quotas, .. Lessons.Quotas];
        if (pacer.Quotas.SequenceEqual(quotas))
            return false;

        if (Lessons?.Quotas.Max(static quota => (int?)quota.Seconds) is { } seconds)
            credit.ReachBack(seconds);

        pacer.ChangeQuotas(quotas, clock.Time.GetUtcNow(), now);
        return true;
    }

    /// <summary>What was set, or what was learned on top of it.</summary>
    public void ApplyLimit(long now)
    {
        var limit = _learner?.Effective ?? Rules.Limit;
        var guard = MonotonicClock.NanosecondsOf(Rules.Guard ?? Larger(_suggestedGuard ?? options.Guard, Rules.LeastGuard));
        if (pacer.Limit != limit || pacer.Guard != guard)
        {
            pacer.ChangeLimit(limit, guard, now);
            credit.NoteLimit();
        }
    }

    private static TimeSpan Larger(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
