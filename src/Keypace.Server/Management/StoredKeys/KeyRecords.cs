using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>A key's row as the wire and the audit show it: masks, never a secret.</summary>
internal static class KeyRecords
{
    public static ApiKey ToRecord(this ApiKeyRow row, string? notice = null) => new(
        row.Id.ToString(),
        row.Name,
        row.Hub,
        row.RateLimitPerInterval,
        row.RateLimitInterval,
        row.DisplayValue,
        row.HubConfig is null ? null : RowMapping.ConfigOf(row.HubConfig).ToDictionary(field => field.Key, field => (string?)field.Value),
        row.CreatedBy.ToString(),
        row.TeamId.ToString(),
        row.Status.Word(),
        row.Url,
        row.Version,
        row.RateGroupId.ToString(),
        row.CreatedAt / 1000,
        row.UpdatedAt / 1000,
        row.LastUsedAt / 1000,
        notice,
        row.Pacing,
        row.GuardMs,
        row.Limits is null ? [] : JsonSerializer.Deserialize(row.Limits, KeypaceJson.Default.IReadOnlyListApiKeyLimit) ?? [],
        row.LimitIsDefault ? LimitSources.Default : LimitSources.Set,
        row.LimitFrozen,
        row.PassHeaders?.Split(' ') ?? [],
        DropParams: row.DropParams?.Split(' ') ?? []);

    /// <summary>What about this key needs attention at this moment; null when nothing does.</summary>
    /// <param name="sees">Which keys may be named to the one who asks.</param>
    /// <param name="trouble">What went wrong last with the key; null while nothing did.</param>
    /// <param name="accounts">What hubs have said of keys that belong together.</param>
    public static string? NoticeOf(KeySnapshot snapshot, Guid id, Func<Guid, bool> sees, KeyHealth.Trouble? trouble, KeyAccounts accounts)
    {
        if (!snapshot.Keys.TryGetValue(id, out var key))
            return null;
        if (key.Trouble is KeyTrouble.DestinationChanged)
            return $"Destination changed: {key.Hub.DisplayName} is no longer where this secret was stored for. Enter the secret again.";

        if (trouble is not null)
            return $"{trouble.Sentence} ({trouble.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture)} UTC)";

        var group = snapshot.KeysByRateGroup.GetValueOrDefault(key.RateGroupId, []);
        if (group.Length > 1)
        {
            var others = group.Where(other => other.Id != id).Select(other => sees(other.Id) ? $"'{other.Name}'" : "another key").Distinct();
            return $"This key shares one limit with {string.Join(", ", others)} (same secret and address, or put into one rate group): all limits of theirs rule together ({string.Join(", ", group.Select(other => other.Limit).Distinct().Order())}), of each interval the lowest, of each further limit too, with the largest guard.";
        }

        if (accounts.Apart(snapshot, key).FirstOrDefault(other => sees(other.Id)) is { } sibling)
        {
            return $"{key.Hub.DisplayName} counts this key and '{sibling.Name}' as one account, whose limit they share there. Put them into one rate group: set rate_group_id to {sibling.RateGroupId}.";
        }

        return key.Trouble is KeyTrouble.HubNotServed
            ? $"Keys of {key.Hub.DisplayName} can be stored, but queries through it are not built yet."
            : null;
    }
}
