using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>Remembers nothing: for processes whose sends no later process has to count, such as tests and the pretend hub.</summary>
internal sealed class OpenLedger : IGrantLedger
{
    public long MayGrantUntil => long.MaxValue;

    public PastSends Recall(Guid groupId, RateLimit limit, long span, int standingCredit) => PastSends.None;

    public UsedBefore RecallUses(Guid groupId, int standingCredit, long standingTokens) => UsedBefore.Nothing;

    public RunNote? TryRun(Guid groupId, RateLimit limit, long guard, int credit, UseBlock? uses) => new RunNote(0, long.MaxValue, HasBlocks: false);

    public void ChangeLimit(Guid groupId, RateLimit limit, long guard)
    {
    }

    public bool IsDurable(long note) => true;

    public void NoteUses(Guid groupId, RateLimit limit, long guard, UseBlock uses)
    {
    }

    public void WriteBlockSoon(IGrantHolder group)
    {
    }

    public long WriteNow(Guid groupId, RateLimit limit, long guard, SentRun[] sent) => 0;

    public ValueTask ForeseeAsync(GroupMove move) => ValueTask.CompletedTask;

    public void MoveOver(Guid from, Guid to)
    {
    }

    public void Rest(Guid groupId, RateLimit limit, long guard, SentRun[] sent, UseBlock? uses)
    {
    }

    public void Forget(Guid groupId)
    {
    }

    public void KickWhenMoved(IGrantHolder group)
    {
    }

    public void Close(IReadOnlyList<SavedWindow> windows)
    {
    }
}
