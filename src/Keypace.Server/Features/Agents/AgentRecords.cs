using Keypace.Contracts;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.Agents;

/// <summary>An agent's row as the wire and the audit show it.</summary>
internal static class AgentRecords
{
    /// <param name="hasKey">False when the key is gone or on its way out: then the agent has none, although a restored key would be its own again.</param>
    public static Agent ToRecord(this AgentRow row, bool hasKey) => new(
        row.Id.ToString(),
        row.Name,
        row.ModelName,
        row.AgentUrl,
        row.Hub,
        hasKey ? row.ApiKeyId?.ToString() : null,
        row.SystemPrompt,
        row.HubConfig is null ? null : RowMapping.ConfigOf(row.HubConfig).ToDictionary(field => field.Key, field => (string?)field.Value),
        row.Status.Word(),
        row.CreatedAt / 1000,
        row.CreatedBy.ToString(),
        row.TeamId.ToString(),
        row.UpdatedAt / 1000,
        hasKey && row.ApiKeyId is not null,
        row.Version,
        row.DropParams?.Split(' ') ?? []);

    public static bool HasKey(this KeySnapshot snapshot, AgentRow row) => row.ApiKeyId is { } id && snapshot.Keys.ContainsKey(id);
}
