using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>What survives this process, so that the next one never lets a window run over. Nothing here waits for a disk.</summary>
internal interface IGrantLedger
{
    /// <summary>Tick up to which permits may be granted, known to be on the disk.</summary>
    long MayGrantUntil { get; }

    /// <summary>
    /// What a group has sent, or may have, before this process began, as far as it counts now.
    /// </summary>
    /// <param name="span">The limit's interval and the guard, in ticks.</param>
    /// <param name="standingCredit">What the group may have sent of which no note reached the disk (<see cref="StandingCredit"/>).</param>
    PastSends Recall(Guid groupId, RateLimit limit, long span, int standingCredit);

    /// <summary>
    /// What counts in a group's limits beside the rate limit; <see cref="UsedBefore.IsComplete"/> where every send of before is among it.
    /// </summary>
    /// <param name="standingTokens">As <see cref="Recall"/>'s, in tokens.</param>
    UsedBefore RecallUses(Guid groupId, int standingCredit, long standingTokens);

    /// <summary>
    /// Notes that a group sends from now on, at most <paramref name="credit"/> before its next block. Null when that cannot be noted, and then
    /// nothing may be sent.
    /// </summary>
    /// <param name="uses">Null: it has no limits beside the rate limit.</param>
    RunNote? TryRun(Guid groupId, RateLimit limit, long guard, int credit, UseBlock? uses);

    /// <summary>Notes uses of a group that need not run: from records, or of answers that ended after the stop.</summary>
    void NoteUses(Guid groupId, RateLimit limit, long guard, UseBlock uses);

    /// <summary>Notes that a group has another limit, whether it runs or rests: what it sent counts as far back as either reaches.</summary>
    void ChangeLimit(Guid groupId, RateLimit limit, long guard);

    /// <summary>Power may fail now without losing the note.</summary>
    bool IsDurable(long note);

    /// <summary>Asks the group, in the background, for its next block (<see cref="IGrantHolder.NextBlock"/>) and says when it is written.</summary>
    void WriteBlockSoon(IGrantHolder group);

    /// <summary>
    /// Notes sends that a running group counts although it did not make them. The note, for <see cref="IsDurable"/>: nothing may be granted before.</summary>
    long WriteNow(Guid groupId, RateLimit limit, long guard, SentRun[] sent);

    /// <summary>
    /// Keys are about to go from one group to another: ends when a process that comes after this one will count there what it does here, should this one
    /// not get to note what came along. Before anything says that they are there.
    /// </summary>
    /// <exception cref="IOException">The disk fails: they must stay.</exception>
    ValueTask ForeseeAsync(GroupMove move);

    /// <summary>They are there, and what came along is noted (<see cref="WriteNow"/>); or they stay.</summary>
    void MoveOver(Guid from, Guid to);

    /// <summary>Notes what a group has sent since its last block, and that it sends nothing until it runs again.</summary>
    void Rest(Guid groupId, RateLimit limit, long guard, SentRun[] sent, UseBlock? uses);

    /// <summary>The group is dropped: what no longer counts of it is forgotten.</summary>
    void Forget(Guid groupId);

    /// <summary>Kicks the group, once, when the mark has moved or its note is durable.</summary>
    void KickWhenMoved(IGrantHolder group);

    /// <summary>Nothing is granted any more: notes exactly what counts. Only <see cref="NoteUses"/> may follow.</summary>
    void Close(IReadOnlyList<SavedWindow> windows);
}

/// <summary>Who is granted from the ledger. Called in the background, never under the ledger's locks' inner ones.</summary>
internal interface IGrantHolder
{
    Guid Id { get; }

    /// <summary>What was sent since the last block, and how much is wanted; null when it sends no longer.</summary>
    GrantBlock? NextBlock();

    /// <summary>The block is with the system; null: it could not be written.</summary>
    /// <param name="note">For <see cref="IGrantLedger.IsDurable"/>.</param>
    void BlockEnded(long? note);

    /// <summary>The ledger moved.</summary>
    void Kick();
}

/// <param name="Note">For <see cref="IGrantLedger.IsDurable"/>.</param>
/// <param name="Until">Tick up to which this group may be granted permits before the note is durable.</param>
/// <param name="HasBlocks">Permits beyond the credit need the next block; false: nobody counts.</param>
internal readonly record struct RunNote(long Note, long Until, bool HasBlocks);

/// <summary>What a group has sent since its last block, and how many it may have sent before its next.</summary>
/// <param name="Credit">Permits that are out are part of it.</param>
/// <param name="Uses">Null: it has no limits beside the rate limit.</param>
internal sealed record GrantBlock(RateLimit Limit, long Guard, SentRun[] Sent, int Credit, UseBlock? Uses)
{
    /// <summary>Only the uses count: it rests, and queries that it sent before have ended.</summary>
    public bool IsResting { get; init; }
}

/// <summary>The stamps of one group at a clean stop, oldest first.</summary>
internal sealed record SavedWindow(Guid GroupId, RateLimit Limit, long Guard, long[] Stamps, UseBlock? Uses = null);

/// <summary>Sends of before this process.</summary>
/// <param name="AssumedUntil">Tick until which some of them are not known but assumed; <see cref="long.MinValue"/> when all are known.</param>
internal readonly record struct PastSends(IReadOnlyList<SentRun> Sends, long AssumedUntil)
{
    public static PastSends None { get; } = new([], long.MinValue);

    /// <summary>How far back all are known, in ticks, where a longer limit ruled lately; 0: as far as the limit needs.</summary>
    public long Reach { get; init; }
}
