using Keypace.Contracts;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.AccessTokens;

/// <summary>A token's row as the wire and the audit show it: never the token itself, nor its digest.</summary>
internal static class TokenRecords
{
    public static AccessToken ToRecord(this AccessTokenRow row, DateTimeOffset now) => new(
        row.Id,
        row.Name,
        row.Role,
        row.Scopes.Split(' '),
        row.ApiKeyIds?.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        row.AgentIds?.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        row.Weight,
        row.CreatedAt / 1000,
        row.ExpiresAt / 1000,
        row.LastUsedAt / 1000,
        row.StatusAt(now),
        Priority: row.Priority);

    public static string StatusAt(this AccessTokenRow row, DateTimeOffset now) =>
        row.RevokedAt is not null ? TokenStatuses.Revoked : row.ExpiresAt <= now.ToUnixTimeMilliseconds() ? TokenStatuses.Expired : TokenStatuses.Active;
}
