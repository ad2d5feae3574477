using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What people set for a rate group, and what was learned on top of it.</summary>
internal sealed partial class PacedGroup
{
    private GroupRules _rules;
    private TimeSpan? _suggestedGuard;

    /// <summary>Rules from now on, for those who wait too. Quotas must be without fault.</summary>
    internal void Configure(GroupRules rules)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            if (_isRetired)
            {
                _home.Successor(this).Configure(rules);
                return;
            }

            var now = _clock.Now;
            Apply(rules, now);
            Step(now, changed);
        }

        WakeAll(changed);
    }

    /// <summary>Another limit, everything else as it is.</summary>
    internal void ChangeLimit(RateLimit limit)
    {
        GroupRules rules;
        lock (Gate)
        {
            rules = _rules;
        }

        Configure(rules with { Limit = limit });
    }

    /// <summary>The guard that measurements ask for; rules that name one go before it.</summary>
    public void SuggestGuard(TimeSpan guard)
    {
        GroupRules rules;
        lock (Gate)
        {
            if (_suggestedGuard == guard)
            {
                return;
            }

            _suggestedGuard = guard;
            rules = _rules;
        }

        Configure(rules);
    }

    private void Apply(GroupRules rules, long now)
    {
        _rules = rules;
        if (rules.HasSeveralSources)
        {
            _pacer.PartPause(now);
        }

        _learner?.Configure(rules.Limit, rules.MayRaise, rules.IsFrozen);
        ApplyLimit(now);
        var mode = rules.IsFrozen && rules.Mode == PacingMode.Auto ? rules.StartsSmooth ? PacingMode.Smooth : PacingMode.Burst : rules.Mode;
        _pacer.ChangeShape(mode, rules.StartsSmooth, now);
        if (ApplyQuotas(now))
        {
            ConfigureUses();
        }

        HasQuotas = rules.Quotas.Count > 0 || _pacer.KnowsTokens;
    }

    /// <summary>What was set, and what the hubs of single secrets taught besides. True when something changed.</summary>
    private bool ApplyQuotas(long now)
    {
        IReadOnlyList<Quota> quotas = _lessons is null || _rules.IsFrozen ? _rules.Quotas : [.. _rules.Quotas, .. _lessons.Quotas];
        if (_pacer.Quotas.SequenceEqual(quotas))
        {
            return false;
        }

        _pacer.ChangeQuotas(quotas, _clock.Time.GetUtcNow(), now);
        return true;
    }

    /// <summary>What was set, or what was learned on top of it.</summary>
    private void ApplyLimit(long now)
    {
        var limit = _learner?.Effective ?? _rules.Limit;
        var guard = MonotonicClock.NanosecondsOf(_rules.Guard ?? Larger(_suggestedGuard ?? _home.Options.Guard, _rules.LeastGuard));
        if (_pacer.Limit != limit || _pacer.Guard != guard)
        {
            _pacer.ChangeLimit(limit, guard, now);
            NoteLimit();
        }
    }

    /// <summary>Under the lock.</summary>
    internal bool HasSeveralSources => _rules.HasSeveralSources;

    private static TimeSpan Larger(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
