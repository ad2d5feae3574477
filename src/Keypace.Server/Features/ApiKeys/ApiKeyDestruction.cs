using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Ends what deletion began: the row and its envelope are gone (the store overwrites what it deletes), and no agent points at them.</summary>
internal sealed class ApiKeyDestruction(Store store, ManagementChanges changes)
{
    /// <param name="deletedBefore">Keys that were deleted at this moment or earlier.</param>
    /// <returns>How many keys were destroyed.</returns>
    public async Task<int> RunAsync(DateTimeOffset deletedBefore, CancellationToken ct)
    {
        var before = deletedBefore.ToUnixTimeMilliseconds();
        await using var db = store.Read();
        var due = await db.ApiKeys.Where(row => row.Status == KeyStatus.Deleted && row.DeletedAt <= before).Select(row => new { row.Id, row.TeamId }).ToListAsync(ct);
        foreach (var key in due)
            await changes.RunAsync<ApiKeyRow>(Caller.Server(key.TeamId), change => DestroyAsync(change, key.Id, ct), ct);
        return due.Count;
    }

    private static async Task<Outcome<ApiKeyRow>> DestroyAsync(Change change, Guid id, CancellationToken ct)
    {
        // Asked again within the transaction: it may have been restored a moment ago.
        var row = await change.Db.ApiKeys.FirstOrDefaultAsync(key => key.Id == id && key.Status == KeyStatus.Deleted, ct);
        if (row is null)
            return Refusal.NotFound("API key", id.ToString());
        foreach (var agent in await change.Db.Agents.Where(agent => agent.ApiKeyId == id).ToListAsync(ct))
        {
            agent.ApiKeyId = null;
            change.Publish(snapshots => snapshots.Put(RowMapping.Agent(agent, null)));
        }

        await TroubleTable.RemoveAsync(change.Db, id, ct);
        change.Db.ApiKeys.Remove(row);
        change.Audit(AuditedSubject.ApiKey, "destroyed", id.ToString(), row.Name, row.ToRecord(), null);
        return row;
    }
}
