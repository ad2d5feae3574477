using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>How many tokens a rate group may reserve before its ledger knows more. Only where its limits count tokens.</summary>
internal sealed class TokenCredit(Pacer pacer)
{
    private long _held;                      // written, but may be used only when the note of running is durable
    private long _asked;                     // allowance with the block that is being written
    private long _had;                       // and when it was taken
    private long _blockAt = long.MinValue;   // ask for the next block at this allowance

    /// <summary>Half of what may be used now is used, or somebody needs more than there is.</summary>
    public bool IsLow => pacer.TokenAllowance <= _blockAt || pacer.TokensWanted > pacer.TokenAllowance;

    /// <summary>And so it is with what is written and not yet durable.</summary>
    public bool WantsBlock => pacer.TokenAllowance + _held <= _blockAt || pacer.TokensWanted > pacer.TokenAllowance + _held;

    /// <summary>What is written and not yet reserved.</summary>
    public long Left => pacer.TokenAllowance < long.MaxValue ? pacer.TokenAllowance + _held : 0;

    /// <summary>Tokens that the note of running covers: those that wait for it may need more than the standing credit.</summary>
    public long First(IReadOnlyList<Quota> quotas) => pacer.CountsTokens ? Math.Max(StandingCredit.TokensOf(quotas), pacer.TokensWanted) : 0;

    /// <param name="noted">What the note of running covers.</param>
    public void Begin(bool hasBlocks, bool isDurable, long noted, IReadOnlyList<Quota> quotas)
    {
        var isBound = hasBlocks && pacer.CountsTokens;
        var atOnce = isDurable ? noted : Math.Min(noted, StandingCredit.TokensUnseen(quotas));   // after a power failure no more is known
        pacer.TokenAllowance = isBound ? atOnce : long.MaxValue;
        _held = isBound ? noted - atOnce : 0;
        _blockAt = isBound ? StandingCredit.TokensOf(quotas) / 2 : long.MinValue;
    }

    public void End()
    {
        pacer.TokenAllowance = pacer.CountsTokens ? 0 : long.MaxValue;
        (_held, _blockAt) = (0, long.MinValue);
    }

    /// <summary>Nothing counts tokens any more.</summary>
    public void Unbind() => (pacer.TokenAllowance, _held, _blockAt) = (long.MaxValue, 0, long.MinValue);

    /// <summary>Tokens count from now on: nothing is reserved before a block says so.</summary>
    public void AwaitBlock() => (pacer.TokenAllowance, _held, _blockAt) = (0, 0, 0);

    /// <summary>The note of running is durable: what was held may be used.</summary>
    public void Release()
    {
        pacer.TokenAllowance += pacer.TokenAllowance < long.MaxValue ? _held : 0;
        _held = 0;
    }

    /// <summary>Tokens that the next block covers besides those that are reserved.</summary>
    public long TakeBlock(IReadOnlyList<Quota> quotas)
    {
        _asked = _had = 0;
        if (pacer.CountsTokens)
        {
            _had = Math.Min(pacer.TokenAllowance, Quota.MostLimit * 4) + _held;
            _asked = Math.Max(_had, Math.Max(StandingCredit.TokensOf(quotas), pacer.TokensWanted));
        }

        return _asked;
    }

    /// <summary>The block is with the system.</summary>
    public void BlockWritten(IReadOnlyList<Quota> quotas)
    {
        _held += _asked - _had;   // reservations since it was taken used what there was
        _asked = _had;
        _blockAt = pacer.CountsTokens ? StandingCredit.TokensOf(quotas) / 2 : long.MinValue;
    }
}
