using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Agents;

/// <summary>Finds agents in the store.</summary>
internal static class AgentRows
{
    /// <summary>An agent by its id or name. One that the caller may not see is not there.</summary>
    public static async Task<Outcome<AgentRow>> FindAsync(KeypaceDb db, Caller caller, string idOrName, CancellationToken ct)
    {
        var agents = db.Agents.Where(agent => agent.TeamId == caller.TeamId);
        var row = Guid.TryParse(idOrName, out var id) ? await agents.FirstOrDefaultAsync(agent => agent.Id == id, ct) : null;
        if (row is null && EntityName.KeyOf(idOrName) is { Length: > 0 } nameKey)
            row = await agents.FirstOrDefaultAsync(agent => agent.NameKey == nameKey, ct);
        return row is not null && caller.SeesAgent(row)
            ? row
            : Refusal.NotFound("agent", idOrName);
    }

    /// <summary>Null when the name is free.</summary>
    public static async Task<Refusal?> WhyTakenAsync(KeypaceDb db, Guid teamId, EntityName name, Guid? except, CancellationToken ct)
    {
        var holder = await db.Agents.AsNoTracking()
            .FirstOrDefaultAsync(row => row.TeamId == teamId && row.NameKey == name.Key && row.Id != except, ct);
        return holder is null
            ? null
            : new Refusal(RefusalReason.Conflict, "name_taken",
                $"An agent named '{holder.Name}' already exists{(holder.Status is AgentStatus.Archived ? " (it is archived)" : "")}. Choose another name, or change that one.");
    }

    public static bool SeesAgent(this Caller caller, AgentRow row) => caller.Grant.SeesAgent(row.Id, row.ApiKeyId ?? Guid.Empty);
}
