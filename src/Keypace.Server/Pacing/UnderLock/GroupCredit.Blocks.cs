using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>The blocks: what was sent since the last one, and how much may be until the next.</summary>
internal sealed partial class GroupCredit
{
    /// <summary>Takes what was sent since the last block, for the ledger; null when it sends no longer.</summary>
    /// <param name="isClosed">Its window is saved.</param>
    public GrantBlock? NextBlock(bool isClosed)
    {
        if (isClosed || (_unsaved is null && _uses is not { Count: > 0 }))
        {
            _awaitsBlock = false;
            return null;
        }

        if (_unsaved is null)
            return new GrantBlock(pacer.Limit, pacer.Guard, [], 0, _uses!.Take(0)) { IsResting = true };

        _blockTakenAt = clock.Now;
        _had = pacer.Allowance + _held;
        _asked = Math.Max(StandingCredit.Of(pacer.Limit, _quotas), _had);
        return new GrantBlock(pacer.Limit, pacer.Guard, _unsaved.Take(), (int)(pacer.Outstanding + _asked), _uses?.Take(TokensAhead(pacer.TokensOut + _tokens.TakeBlock(_quotas))));
    }

    /// <summary>The block is with the system, or could not be written: then it is asked for again when the ledger moves.</summary>
    public void BlockEnded(long? note)
    {
        _awaitsBlock = false;
        if (note is null)
        {
            (_hasBlockFailed, _awaitsLedger) = (true, true);
            ledger.KickWhenMoved(group);
        }
        else if (_unsaved is not null)
        {
            _held += _asked - _had;   // grants since it was taken used what there was
            _asked = _had;
            _blockAt = StandingCredit.Of(pacer.Limit, _quotas) / 2;
            _tokens.BlockWritten(_quotas);
            if (_uses is { IsKept: true } && _note is { } running && !ledger.IsDurable(note.Value))
                (_note, _isDurable) = (running with { Note = note.Value }, false);

            if (_isDurable)
                Release();
        }
    }

    /// <summary>Asks for the next block when half of the last is used.</summary>
    public void AskIfLow()
    {
        if (IsLow && (pacer.Allowance + _held <= _blockAt || _tokens.WantsBlock))
            AskBlock();
    }

    /// <summary>What was sent a while ago is written down, half a block used or not.</summary>
    private void WantOldSaved(long now)
    {
        if ((_unsaved is { Count: > 0 } || _uses is { Count: > 0 }) && now - _blockTakenAt >= BlockEvery)
            AskBlock();
    }

    private void AskBlock()
    {
        if (!_awaitsBlock && !_hasBlockFailed && _unsaved is not null)
        {
            _awaitsBlock = true;
            ledger.WriteBlockSoon(group);
        }
    }
}
