using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Agents;

/// <summary>Applies a PUT to an agent's row: what is absent stays, what is the same is no change.</summary>
internal sealed class AgentEditing(RowMapping mapping)
{
    /// <summary>Null when the row now is as wanted; after a refusal the row must not be saved.</summary>
    public async Task<Refusal?> ApplyAsync(KeypaceDb db, AgentRow row, AgentChange wanted, Caller caller, CancellationToken ct)
    {
        if (wanted.Version is { } version && version != row.Version)
            return RefuseStale(row, wanted, version);

        var problems = new FieldProblems();
        var name = wanted.AgentName is null ? null : problems.Take(EntityName.Parse(wanted.AgentName, "agent_name"));
        AgentTexts.Check(wanted.ModelName, wanted.AgentSystemPrompt, problems);
        DroppedParams.Check(wanted.DropParams, problems);
        var status = row.Status;
        if (wanted.Status is not null && !StatusWords.TryParse(wanted.Status, out status))
            problems.Add(["body", "status"], "An agent's status is 'creating', 'active' or 'archived'.", "enum");
        if (problems.Refusal is { } refusal)
            return refusal;

        if (await ChangeKeyAndPlaceAsync(db, row, wanted, caller, ct) is { } refused)
            return refused;
        if (name is not null && name.Text != row.Name)
        {
            if (await AgentRows.WhyTakenAsync(db, row.TeamId, name, row.Id, ct) is { } taken)
                return taken;
            (row.Name, row.NameKey) = (name.Text, name.Key);
        }

        row.ModelName = wanted.ModelName ?? row.ModelName;
        row.SystemPrompt = wanted.AgentSystemPrompt is null ? row.SystemPrompt : AgentTexts.Given(wanted.AgentSystemPrompt);
        row.DropParams = wanted.DropParams is null ? row.DropParams : DroppedParams.Stored(wanted.DropParams);
        row.Status = status;
        return null;
    }

    /// <summary>One word for the audit.</summary>
    /// <param name="changed">Names of the columns that changed.</param>
    public static string WordFor(AgentRow row, IReadOnlyList<string> changed) => changed switch
    {
        _ when changed.All(column => column is nameof(AgentRow.Name) or nameof(AgentRow.NameKey)) => "renamed",
        [nameof(AgentRow.Status)] => row.Status is AgentStatus.Archived ? "archived" : "restored",
        _ => "changed",
    };

    private async Task<Refusal?> ChangeKeyAndPlaceAsync(KeypaceDb db, AgentRow row, AgentChange wanted, Caller caller, CancellationToken ct)
    {
        var url = wanted.AgentUrl is null ? row.AgentUrl : AgentTexts.Given(wanted.AgentUrl);
        var isOtherUrl = url != row.AgentUrl;
        ApiKeyRow? key;
        if (wanted.ApiKeyId is { Length: > 0 } idOrName && idOrName != row.ApiKeyId?.ToString())
        {
            if (!(await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out key, out var refusal))
                return refusal;
        }
        else
        {
            // A key on its way out still says where the agent's URL must lie: it may be restored.
            key = isOtherUrl && row.ApiKeyId is { } id ? await db.ApiKeys.FirstOrDefaultAsync(one => one.Id == id, ct) : null;
        }

        if (key is not null)
        {
            if (AgentKeys.WhyMisplaced(url, mapping.Key(key)) is { } misplaced)
                return misplaced;
            (row.ApiKeyId, row.Hub) = (key.Id, key.Hub);
        }
        else if (isOtherUrl && url is not null && !Destination.Parse(url, "agent_url").TryGet(out _, out var refusal))
        {
            return refusal;
        }

        row.AgentUrl = url;
        return null;
    }

    private static Refusal RefuseStale(AgentRow row, AgentChange wanted, int version) => Stale.Refuse(
        $"The agent '{row.Name}'", row.Version, version,
        [.. new (string Field, object? Theirs, object? Yours)[]
        {
            ("agent_name", row.Name, wanted.AgentName),
            ("model_name", row.ModelName, wanted.ModelName),
            ("agent_url", row.AgentUrl, wanted.AgentUrl),
            ("api_key_id", row.ApiKeyId?.ToString(), wanted.ApiKeyId),
            ("agent_system_prompt", row.SystemPrompt, wanted.AgentSystemPrompt),
            ("status", row.Status.Word(), wanted.Status),
            ("drop_params", row.DropParams ?? "", wanted.DropParams is null ? null : DroppedParams.Stored(wanted.DropParams) ?? ""),
        }.Where(pair => pair.Yours is not null && !Equals(pair.Theirs, pair.Yours))]);
}
