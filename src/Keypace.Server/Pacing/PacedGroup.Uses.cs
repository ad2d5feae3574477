using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What the journal is told of the limits beside the rate limit. Everything private here runs under the lock.</summary>
internal sealed partial class PacedGroup
{
    private UnsavedUses? _uses;   // null: it has had no such limits
    private UsedBefore _usedBefore = UsedBefore.Nothing;
    private long _heldTokens;     // as _held
    private long _tokensAsked;
    private long _tokensHad;
    private long _tokenBlockAt = long.MinValue;

    /// <summary>The journal knows all that was used before; false: only the records of usage do (<see cref="AssumeUsed"/>).</summary>
    internal bool KnowsPast => _usedBefore.IsComplete;

    private bool WantsTokens => _pacer.TokenAllowance <= _tokenBlockAt || _pacer.TokensWanted > _pacer.TokenAllowance;

    /// <summary>What records say that a process before this one used, oldest first. Before anything is asked for.</summary>
    internal void AssumeUsed(IReadOnlyList<PastUse> uses)
    {
        lock (Gate)
        {
            var (wall, now) = (_clock.Time.GetUtcNow(), _clock.Now);
            _usedBefore = _usedBefore with { Uses = uses };
            _pacer.AssumeUsed(_usedBefore, wall, now);
            foreach (var use in _uses is null ? [] : uses)
            {
                _uses!.Past(use, now - Math.Max(0, (wall - use.At).Ticks * TimeSpan.NanosecondsPerTick));
            }

            if (_uses is { Count: > 0 })
            {
                _home.Ledger.NoteUses(Id, _pacer.Limit, _pacer.Guard, _uses.Take(0));   // from now on the journal knows
            }
        }
    }

    /// <summary>Limits of requests that were just set count what only records tell of: what was sent longer ago than anything here reaches back.</summary>
    internal void AssumeOlder(IReadOnlyList<Quota> quotas, IReadOnlyList<PastUse> sends)
    {
        lock (Gate)
        {
            foreach (var (use, at) in _pacer.AssumeOlder(quotas, sends, _clock.Time.GetUtcNow(), _clock.Now))
            {
                _uses?.Past(new PastUse(use.At, use.Model, use.Requests, 0, 0), at);
            }

            if (_uses is { Count: > 0 })
            {
                _home.Ledger.NoteUses(Id, _pacer.Limit, _pacer.Guard, _uses.Take(_pacer.TokensOut + (_pacer.TokenAllowance < long.MaxValue ? _pacer.TokenAllowance + _heldTokens : 0)));
            }
        }
    }

    private void RecallUses()
    {
        if (_rules.Quotas.Count > 0)
        {
            _usedBefore = _home.Ledger.RecallUses(Id, StandingCredit.Of(_rules.Limit, _rules.Quotas), StandingCredit.TokensUnseen(_rules.Quotas));
            _pacer.AssumeUsed(_usedBefore, _clock.Time.GetUtcNow(), _clock.Now);
        }
    }

    /// <summary>Other limits: nothing is reserved of tokens before a block says so.</summary>
    private void ConfigureUses()
    {
        if (_rules.Quotas.Count > 0 || _uses is not null)
        {
            (_uses ??= new UnsavedUses()).Configure(_rules.Quotas, _pacer.Guard);
        }

        if (_note is null)
        {
            EndTokens();
        }
        else if (_note is { HasBlocks: true } && _pacer.CountsTokens && _pacer.TokenAllowance == long.MaxValue)
        {
            (_pacer.TokenAllowance, _heldTokens, _tokenBlockAt) = (0, 0, 0);
            AskBlock();
        }
        else if (!_pacer.CountsTokens)
        {
            (_pacer.TokenAllowance, _heldTokens, _tokenBlockAt) = (long.MaxValue, 0, long.MinValue);
        }
    }

    /// <summary>Tokens that the note of running covers: those that wait for it may need more than the standing credit.</summary>
    private long FirstTokens() => _pacer.CountsTokens ? Math.Max(StandingCredit.TokensOf(_rules.Quotas), _pacer.TokensWanted) : 0;

    private void BeginTokens(bool hasBlocks, long noted)
    {
        var isBound = hasBlocks && _pacer.CountsTokens;
        var atOnce = _isDurable ? noted : Math.Min(noted, StandingCredit.TokensUnseen(_rules.Quotas));   // after a power failure no more is known
        _pacer.TokenAllowance = isBound ? atOnce : long.MaxValue;
        _heldTokens = isBound ? noted - atOnce : 0;
        _tokenBlockAt = isBound ? StandingCredit.TokensOf(_rules.Quotas) / 2 : long.MinValue;
    }

    private void EndTokens()
    {
        _pacer.TokenAllowance = _pacer.CountsTokens ? 0 : long.MaxValue;
        (_heldTokens, _tokenBlockAt) = (0, long.MinValue);
    }

    private void ReleaseTokens()
    {
        _pacer.TokenAllowance += _pacer.TokenAllowance < long.MaxValue ? _heldTokens : 0;
        _heldTokens = 0;
    }

    /// <summary>The uses' part of the next block.</summary>
    private UseBlock? NextUses()
    {
        if (_uses is null)
        {
            return null;
        }

        _tokensAsked = _tokensHad = 0;
        if (_pacer.CountsTokens)
        {
            _tokensHad = Math.Min(_pacer.TokenAllowance, Quota.MostLimit * 4) + _heldTokens;
            _tokensAsked = Math.Max(_tokensHad, Math.Max(StandingCredit.TokensOf(_rules.Quotas), _pacer.TokensWanted));
        }

        return _uses.Take(_pacer.TokensOut + _tokensAsked);
    }

    private void NoteSettled(Turn turn, long input, long output)
    {
        if (turn.UseNumber > 0)
        {
            _uses?.Settled(turn, input, output);
        }
    }

    /// <summary>Also when the group rests or has stopped: else the next process would take the query for one that ran.</summary>
    private void NoteEnded(Turn turn, long now)
    {
        if (turn.UseNumber == 0 || _uses is null)
        {
            return;
        }

        _uses.Ended(turn, now);
        if (IsClosed)
        {
            _home.Ledger.NoteUses(Id, _pacer.Limit, _pacer.Guard, _uses.Take(0));
        }
        else if (_note is null && !_awaitsBlock)
        {
            _awaitsBlock = true;
            _home.Ledger.WriteBlockSoon(this);
        }
    }
}
