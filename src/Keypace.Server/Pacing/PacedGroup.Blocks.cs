using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>
/// The credit of a rate group: how many permits may be granted before the journal knows more. The next block is asked for when half of one is
/// used, so that nobody waits for it. Everything private here runs under the lock.
/// </summary>
internal sealed partial class PacedGroup
{
    /// <summary>Sends are written down at least this often, so that a kill does not count old ones as new.</summary>
    private static readonly long BlockEvery = MonotonicClock.NanosecondsOf(TimeSpan.FromSeconds(1));

    private SentRuns? _unsaved;      // sent since the last block; null: nobody counts
    private long _blockAt = long.MinValue;   // ask for the next block at this allowance
    private long _held;              // written, but may be used only when the note of running is durable
    private long _asked;             // allowance with the block that is being written
    private long _had;               // and when it was taken
    private long _blockTakenAt;
    private bool _awaitsBlock;
    private bool _hasBlockFailed;

    /// <summary>Takes what was sent since the last block, for the journal; null when it sends no longer.</summary>
    public GrantBlock? NextBlock()
    {
        lock (Gate)
        {
            if (IsClosed || (_unsaved is null && _uses is not { Count: > 0 }))
            {
                _awaitsBlock = false;
                return null;
            }

            if (_unsaved is null)
            {
                return new GrantBlock(_pacer.Limit, _pacer.Guard, [], 0, _uses!.Take(0)) { IsResting = true };
            }

            _blockTakenAt = _clock.Now;
            _had = _pacer.Allowance + _held;
            _asked = Math.Max(StandingCredit.Of(_pacer.Limit, _rules.Quotas), _had);
            return new GrantBlock(_pacer.Limit, _pacer.Guard, _unsaved.Take(), (int)(_pacer.Outstanding + _asked), NextUses());
        }
    }

    /// <summary>The block is with the system, or could not be written: then it is asked for again when the journal moves.</summary>
    public void BlockEnded(long? note)
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            _awaitsBlock = false;
            if (note is null)
            {
                (_hasBlockFailed, _awaitsKick) = (true, true);
                _home.Ledger.KickWhenMoved(this);
            }
            else if (_unsaved is not null)
            {
                _held += _asked - _had;   // grants since it was taken used what there was
                _heldTokens += _tokensAsked - _tokensHad;
                (_asked, _tokensAsked) = (_had, _tokensHad);
                _blockAt = StandingCredit.Of(_pacer.Limit, _rules.Quotas) / 2;
                _tokenBlockAt = _pacer.CountsTokens ? StandingCredit.TokensOf(_rules.Quotas) / 2 : long.MinValue;
                if (_uses is { IsKept: true } && _note is { } running && !_home.Ledger.IsDurable(note.Value))
                {
                    (_note, _isDurable) = (running with { Note = note.Value }, false);
                }

                if (_isDurable)
                {
                    ReleaseHeld();
                }
            }

            Step(_clock.Now, changed);
        }

        WakeAll(changed);
    }

    private void BeginBlocks(bool hasBlocks, int credit, long tokens)
    {
        BeginTokens(hasBlocks, tokens);
        _held = 0;
        _unsaved = hasBlocks ? new SentRuns() : null;
        _blockAt = hasBlocks ? credit / 2 : long.MinValue;
        _pacer.Allowance = hasBlocks || !_isDurable ? credit : long.MaxValue;
    }

    private void EndBlocks()
    {
        (_unsaved, _blockAt, _held, _hasBlockFailed) = (null, long.MinValue, 0, false);
        EndTokens();
    }

    private void ReleaseHeld()
    {
        ReleaseTokens();
        if (_unsaved is null)
        {
            _pacer.Allowance = long.MaxValue;
            return;
        }

        _pacer.Allowance += _held;
        _held = 0;
    }

    private void WantBlock()
    {
        if (_pacer.Allowance + _held <= _blockAt
            || _pacer.TokenAllowance + _heldTokens <= _tokenBlockAt || _pacer.TokensWanted > _pacer.TokenAllowance + _heldTokens)
        {
            AskBlock();
        }
    }

    /// <summary>What was sent a while ago is written down, half a block used or not.</summary>
    private void WantOldSaved(long now)
    {
        if ((_unsaved is { Count: > 0 } || _uses is { Count: > 0 }) && now - _blockTakenAt >= BlockEvery)
        {
            AskBlock();
        }
    }

    private void AskBlock()
    {
        if (!_awaitsBlock && !_hasBlockFailed && _unsaved is not null)
        {
            _awaitsBlock = true;
            _home.Ledger.WriteBlockSoon(this);
        }
    }
}
