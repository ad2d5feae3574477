using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What the ledger is told of the limits beside the rate limit.</summary>
internal sealed partial class GroupCredit
{
    private UnsavedUses? _uses;   // null: it has had no such limits
    private UsedBefore _usedBefore = UsedBefore.Nothing;
    private bool _hasRecalled;           // what counts of before came from the ledger; what counts more since may have to be told to it

    /// <summary>The ledger knows all that was used before; false: only the records of usage do (<see cref="AssumeUsed"/>).</summary>
    public bool KnowsPast => _usedBefore.IsComplete;

    /// <summary>Counts in the pacer what its limits beside the rate limit were used for before this process began.</summary>
    public void RecallUses(GroupRules rules)
    {
        _hasRecalled = true;
        if (rules.Quotas.Count > 0)
        {
            _usedBefore = ledger.RecallUses(group.Id, StandingCredit.Of(rules.Limit, rules.Quotas), StandingCredit.TokensUnseen(rules.Quotas));
            pacer.AssumeUsed(_usedBefore, clock.Time.GetUtcNow(), clock.Now);
        }
    }

    /// <summary>What records say that a process before this one used, oldest first.</summary>
    public void AssumeUsed(IReadOnlyList<PastUse> uses)
    {
        var (wall, now) = (clock.Time.GetUtcNow(), clock.Now);
        _usedBefore = _usedBefore with { Uses = uses };
        pacer.AssumeUsed(_usedBefore, wall, now);
        foreach (var use in _uses is null ? [] : uses)
            _uses!.Past(use, now - Math.Max(0, (wall - use.At).Ticks * TimeSpan.NanosecondsPerTick));

        if (_uses is { Count: > 0 })
        {
            ledger.NoteUses(group.Id, pacer.Limit, pacer.Guard, _uses.Take(0));   // from now on the journal knows
        }
    }

    /// <summary>Limits of requests that were just set count what only records tell of: what was sent longer ago than anything here reaches back.</summary>
    public void AssumeOlder(IReadOnlyList<Quota> quotas, IReadOnlyList<PastUse> sends)
    {
        foreach (var (use, at) in pacer.AssumeOlder(quotas, sends, clock.Time.GetUtcNow(), clock.Now))
            _uses?.Past(new PastUse(use.At, use.Model, use.Requests, 0, 0), at);

        if (_uses is { Count: > 0 })
            NoteUses(pacer.TokensOut + _tokens.Left);
    }

    /// <summary>Other rules: nothing is reserved of tokens before a block says so.</summary>
    public void Configure(GroupRules rules)
    {
        _quotas = rules.Quotas;
    }

    /// <summary>The pacer has the limits beside the rate limit by now.</summary>
    public void ConfigureUses()
    {
        if (_quotas.Count > 0 || _uses is not null)
            ConfigureNotes(clock.Now);

        if (_note is null)
        {
            _tokens.End();
        }
        else if (_note is { HasBlocks: true } && pacer.CountsTokens && pacer.TokenAllowance == long.MaxValue)
        {
            _tokens.AwaitBlock();
            AskBlock();
        }
        else if (!pacer.CountsTokens)
        {
            _tokens.Unbind();
        }
    }

    /// <summary>What counts in limits that just came and no note tells of is noted: what ran and what was sent before there were notes, and what was used of models before a limit named them.</summary>
    private void ConfigureNotes(long now)
    {
        var areFirst = _uses is null;
        var named = (_uses ??= new UnsavedUses()).Configure(_quotas, pacer.Guard);
        if (!_hasRecalled || (!areFirst && named.Count == 0))
            return;

        foreach (var turn in pacer.Running.OfType<Turn>().Where(turn => turn.State == TicketState.Sent))
            _uses.Sent(turn, turn.SentAt);

        NotePast([.. _quotas.Where(quota => quota.Dimension != QuotaDimension.Concurrent && (quota.Model is { } model ? named.Contains(model) : areFirst))
            .Select(quota => new CarriedQuota(quota, quota.Zone is null ? quota.Seconds * SendWindow.Second : long.MaxValue, pacer.UsedOn(quota, now)))], default, now);
        if (_uses.Count > 0)
            NoteUses(pacer.TokensOut + _tokens.Left);
    }

    public void Settled(Turn turn, long input, long output)
    {
        if (turn.UseNumber > 0)
            _uses?.Settled(turn, input, output);
    }

    /// <summary>Also when the group rests or has stopped: else the next process would take the query for one that ran.</summary>
    /// <param name="isClosed">Its window is saved.</param>
    public void Ended(Turn turn, bool isClosed, long now)
    {
        if (turn.UseNumber == 0 || _uses is null)
            return;

        _uses.Ended(turn, now);
        if (isClosed)
        {
            NoteUses(0);
        }
        else if (_note is null && !_awaitsBlock)
        {
            _awaitsBlock = true;
            ledger.WriteBlockSoon(group);
        }
    }

    /// <summary>For the window that is saved at a stop: permits that are out count as sent.</summary>
    public UseBlock? LastUses(long now)
    {
        if (pacer.Outstanding > 0)
            _uses?.Past(new PastUse(clock.Time.GetUtcNow(), null, pacer.Outstanding, pacer.TokensOut, pacer.TokensOut), now);

        return _uses?.Take(0);
    }

    private void NoteUses(long credit) => ledger.NoteUses(group.Id, pacer.Limit, pacer.Guard, _uses!.Take(credit));
}
