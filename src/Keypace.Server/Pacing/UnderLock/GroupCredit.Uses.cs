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
        var credit = StandingCredit.Of(rules.Limit, rules.Quotas);
        var rulesTokens = rules.Quotas.Any(quota => quota.CountsTokens);
        var before = ledger.RecallUses(group.Id, credit, rulesTokens ? StandingCredit.TokensUnseen(rules.Quotas) : credit * Pacer.UnknownAnswer);
        pacer.GoOnCounting(before.Limits, clock.Time.GetUtcNow(), clock.Now);
        if (rules.Quotas.Count == 0 && pacer.CountedLimits.Count == 0)
            return;

        _usedBefore = before;
        (_uses ??= new UnsavedUses()).Configure(_quotas, pacer.CountedLimits, pacer.Guard);
        pacer.AssumeUsed(before, clock.Time.GetUtcNow(), clock.Now);
    }

    /// <summary>
    /// Tokens that may be used before the next line. Where only limits count them that no longer rule nothing bounds what one query reserves: as many as of
    /// answers of which nothing is known.
    /// </summary>
    private long TokensAhead(long credit)
    {
        if (pacer.CountsTokens || !pacer.KnowsTokens)
            return credit;

        var most = Math.Min(Math.Min(pacer.Allowance, pacer.Limit.Count) + _held, pacer.Limit.Count);
        return (pacer.Outstanding + Math.Max(most, Math.Max(_asked, StandingCredit.Of(pacer.Limit, _quotas)))) * Pacer.UnknownAnswer;
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
            NoteUses(TokensAhead(pacer.TokensOut + _tokens.Left));
    }

    /// <summary>Other rules: nothing is reserved of tokens before a block says so.</summary>
    public void Configure(GroupRules rules)
    {
        _quotas = rules.Quotas;
    }

    /// <summary>The pacer has the limits beside the rate limit by now.</summary>
    public void ConfigureUses()
    {
        if (_quotas.Count > 0 || _uses is not null || pacer.CountedLimits.Count > 0)
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
    /// <returns>The models of which all is noted now that a limit counts; null: all of all.</returns>
    private IReadOnlySet<string>? ConfigureNotes(long now)
    {
        var (areFirst, counted) = (_uses is null, pacer.CountedLimits);
        var named = (_uses ??= new UnsavedUses()).Configure(_quotas, counted, pacer.Guard);
        if (!_hasRecalled || (!areFirst && named.Count == 0))
            return named;

        foreach (var turn in pacer.Running.OfType<Turn>().Where(turn => turn.State == TicketState.Sent))
            _uses.Sent(turn, turn.SentAt);

        NotePast([.. counted.Select(limit => limit.Quota).Where(quota => (quota.Model is { } model ? named.Contains(model) : areFirst))
            .Select(quota => new CarriedQuota(quota, quota.Zone is null ? quota.Seconds * SendWindow.Second : long.MaxValue, pacer.UsedOn(quota, now)))], default, now);
        if (_uses.Count > 0)
            NoteUses(TokensAhead(pacer.TokensOut + _tokens.Left));

        return areFirst ? null : named;
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
