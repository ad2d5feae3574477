using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>Finds keys in the store, and adds them.</summary>
internal sealed class KeyRows(KeySealing sealing, RowMapping mapping)
{
    /// <summary>The team's keys that are there, in the order in which they were made.</summary>
    public static IQueryable<ApiKeyRow> Of(KeypaceDb db, Guid teamId) =>
        db.ApiKeys.Where(row => row.TeamId == teamId && row.Status != KeyStatus.Deleted).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id);

    /// <summary>A key by its id or name. One that the caller may not see is not there.</summary>
    public static Task<Outcome<ApiKeyRow>> FindAsync(KeypaceDb db, Caller caller, string idOrName, CancellationToken ct) =>
        FindAmongAsync(db.ApiKeys.Where(row => row.TeamId == caller.TeamId && row.Status != KeyStatus.Deleted), caller, idOrName, ct);

    /// <summary>The id first: a key that is named like another's id does not stand in its way.</summary>
    public static async Task<Outcome<ApiKeyRow>> FindAmongAsync(IQueryable<ApiKeyRow> keys, Caller caller, string idOrName, CancellationToken ct)
    {
        var row = Guid.TryParse(idOrName, out var id) ? await keys.FirstOrDefaultAsync(key => key.Id == id, ct) : null;
        if (row is null && EntityName.KeyOf(idOrName) is { Length: > 0 } nameKey)
            row = await keys.OrderByDescending(key => key.DeletedAt).FirstOrDefaultAsync(key => key.NameKey == nameKey, ct);
        return row is not null && caller.Grant.Sees(row.Id)
            ? row
            : Refusal.NotFound("API key", idOrName);
    }

    /// <summary>Null when the name is free. The unique index would refuse it too; this says so in words.</summary>
    public static async Task<Refusal?> WhyTakenAsync(KeypaceDb db, Guid teamId, EntityName name, Guid? except, CancellationToken ct)
    {
        var holder = await db.ApiKeys.AsNoTracking()
            .FirstOrDefaultAsync(row => row.TeamId == teamId && row.NameKey == name.Key && row.Status != KeyStatus.Deleted && row.Id != except, ct);
        return holder is null
            ? null
            : new Refusal(RefusalReason.Conflict, "name_taken", $"An API key named '{holder.Name}' already exists. Choose another name, or change that one.");
    }

    /// <summary>Adds a sealed key, audits it and tells the snapshot; the name must be free.</summary>
    public async Task<ApiKeyRow> AddAsync(Change change, NewKey key, CancellationToken ct)
    {
        var row = new ApiKeyRow
        {
            Id = change.NewId(),
            TeamId = change.Caller.TeamId,
            Name = key.Name.Text,
            NameKey = key.Name.Key,
            Hub = key.Hub.Name,
            Url = key.Url,
            RateLimitPerInterval = key.Limit.Count,
            RateLimitInterval = key.Limit.Seconds,
            LimitIsDefault = key.LimitIsDefault,
            PassHeaders = PassedHeaders.Stored(key.Wanted.PassHeaders),
            DropParams = DroppedParams.Stored(key.Wanted.DropParams),
            CreatedBy = change.Caller.Grant.MemberId,
            CreatedAt = change.NowMs,
            UpdatedAt = change.NowMs,
        };
        KeyPacingFields.Put(row, key.Wanted);
        sealing.Seal(row, key.Parts, key.Destination, key.Parts.Join());
        await GroupChoice.JoinAsync(change.Db, row, ct);
        change.Db.ApiKeys.Add(row);
        change.Audit(AuditedSubject.ApiKey, "created", row.Id.ToString(), row.Name, null, row.ToRecord());
        change.Publish(snapshots => snapshots.Put(mapping.Key(row)));
        return row;
    }

    /// <summary>Tells the snapshot of a key that changed, and of its agents, whose own addresses hang on the key's.</summary>
    public async Task PublishAsync(Change change, ApiKeyRow row, CancellationToken ct)
    {
        var key = mapping.Key(row);
        var agents = await change.Db.Agents.AsNoTracking().Where(agent => agent.ApiKeyId == row.Id).ToListAsync(ct);
        change.Publish(snapshots =>
        {
            snapshots.Put(key);
            foreach (var agent in agents)
                snapshots.Put(RowMapping.Agent(agent, key));
        });
    }
}
