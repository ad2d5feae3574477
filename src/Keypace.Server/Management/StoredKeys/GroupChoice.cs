using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Changes;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>
/// Which rate group a key belongs to when a person says so. Keys with one secret and address are one key to the hub, so they always
/// go together.
/// </summary>
internal sealed class GroupChoice(KeySealing sealing)
{
    /// <summary>In a change: the group that follows from secret and address.</summary>
    public static readonly string Own = "own";

    /// <summary>Moves the row and those with its secret. Null when done; the rows are in <paramref name="moved"/>.</summary>
    /// <param name="wanted">A group's id, or <see cref="Own"/>.</param>
    public async Task<Refusal?> ApplyAsync(KeypaceDb db, ApiKeyRow row, string wanted, Func<Guid, bool> sees, List<ApiKeyRow> moved, CancellationToken ct)
    {
        Guid? chosen = null;
        if (wanted != Own)
        {
            if (!Guid.TryParse(wanted, out var id))
                return Refusal.Field("rate_group_id", "This is the id of a group out of GET /v1/rate-groups, or 'own' for the key's own.", "uuid");
            if (id == row.RateGroupId)
                return null;
            var there = await db.ApiKeys.AsNoTracking().Where(key => key.TeamId == row.TeamId && key.RateGroupId == id && key.Status != KeyStatus.Deleted).ToListAsync(ct);
            if (!there.Exists(key => sees(key.Id)))
                return Refusal.Field("rate_group_id", "There is no such rate group. GET /v1/rate-groups lists them.", "unknown");
            if (there.Find(key => key.Hub != row.Hub) is { } other)
                return Refusal.Field("rate_group_id", $"That group is one of {other.Hub}; keys of different hubs have no account in common.", "conflict");
            chosen = id;
        }

        var own = sealing.OwnGroupOf(row);
        if (own is null)
            return Refusal.Field("rate_group_id", "The stored secret does not open, so its own group cannot be found. Enter the secret again.", "secret");
        chosen = chosen == own ? null : chosen;
        foreach (var key in await SameSecretAsync(db, row, ct))
        {
            key.ChosenRateGroupId = chosen;
            key.RateGroupId = chosen ?? own.Value;
            moved.Add(key);
        }

        return null;
    }

    /// <summary>A key whose secret was just stored joins those that have it already, wherever somebody put them.</summary>
    public static async Task JoinAsync(KeypaceDb db, ApiKeyRow row, CancellationToken ct)
    {
        var chosen = (await SameSecretAsync(db, row, ct)).Where(key => key.Id != row.Id).Select(key => key.ChosenRateGroupId).FirstOrDefault(group => group is not null);
        if (chosen is { } group)
            (row.ChosenRateGroupId, row.RateGroupId) = (group, group);
    }

    private static async Task<List<ApiKeyRow>> SameSecretAsync(KeypaceDb db, ApiKeyRow row, CancellationToken ct)
    {
        var same = row.Fingerprint is null
            ? []
            : await db.ApiKeys.Where(key => key.TeamId == row.TeamId && key.Fingerprint == row.Fingerprint && key.Destination == row.Destination && key.Status != KeyStatus.Deleted && key.Id != row.Id).ToListAsync(ct);
        return [row, .. same];
    }
}
