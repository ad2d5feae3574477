using Keypace.Domain;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;

namespace Keypace.Server.Management.Changes;

/// <summary>
/// Runs changes one after the other, each whole or not at all: rows and audit in one transaction, then the snapshot that queries
/// read, all in one writer's turn, so that snapshots follow each other as their commits did. What a change takes from what hubs taught is on the disk, too,
/// when it is answered.
/// </summary>
internal sealed class ManagementChanges(Store store, KeySnapshots snapshots, ILessonStore lessons, TimeProvider time)
{
    /// <summary>A refusal takes back whatever the work had begun.</summary>
    public async Task<Outcome<T>> RunAsync<T>(Caller caller, Func<Change, Task<Outcome<T>>> work, CancellationToken ct)
        where T : notnull
    {
        var outcome = await RunInTurnAsync(caller, work, ct);
        await lessons.WrittenAsync();
        return outcome;
    }

    private async Task<Outcome<T>> RunInTurnAsync<T>(Caller caller, Func<Change, Task<Outcome<T>>> work, CancellationToken ct)
        where T : notnull
    {
        await using var turn = await store.BeginChangeAsync(ct);
        var change = new Change(turn.Db, caller, time.GetUtcNow());
        var outcome = await work(change);
        if (!outcome.TryGet(out _, out _))
            return outcome;
        if (!turn.Db.ChangeTracker.HasChanges())
            return outcome;
        var moves = change.Moves();
        if (moves.Count > 0)
        {
            await turn.Db.SaveChangesAsync(ct);   // what the store refuses is refused before the pacer hears of it
            if (await snapshots.ForeseeAsync(moves) is { } refusal)
                return refusal;
        }

        try
        {
            await turn.CommitAsync(ct);
        }
        catch
        {
            if (!turn.MayBeCommitted)
                snapshots.MovesOver(moves);   // else they stay foreseen, and the next start counts in both groups

            throw;
        }

        change.PublishTo(snapshots);
        snapshots.MovesOver(moves);
        return outcome;
    }
}
