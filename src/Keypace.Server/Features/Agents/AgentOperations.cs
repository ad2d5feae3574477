using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Agents;

/// <summary>What can be done with agents. They are archived and restored, never deleted: usage keeps pointing at them.</summary>
internal sealed class AgentOperations(
    Store store, ManagementChanges changes, KeySnapshots snapshots, AgentKeys agentKeys, AgentEditing editing)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToCreate = Need.Create;
    public const Need ToChange = Need.Change;

    /// <param name="statuses">Only agents of these statuses; null for all, archived ones too.</param>
    public async Task<Outcome<AgentList>> ListAsync(IReadOnlySet<string>? statuses, ListWindow window, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var snapshot = snapshots.Current;
        var rows = (await db.Agents.Where(row => row.TeamId == caller.TeamId).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct))
            .Where(row => caller.SeesAgent(row) && (statuses is null || statuses.Contains(row.Status.Word())) && window.Matches(row.Name)).ToList();
        var ordered = window.Order(rows, (row, field) => field switch
        {
            "agent_name" => row.Name,
            "model_name" => row.ModelName,
            "hub" => row.Hub,
            "updated_at" => row.UpdatedAt,
            _ => row.CreatedAt,
        });
        return new AgentList([.. window.Cut(ordered).Select(row => row.ToRecord(snapshot.HasKey(row)))], rows.Count, window.Limit ?? rows.Count, window.Offset);
    }

    public async Task<Outcome<Agent>> GetAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await AgentRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal)
            ? row.ToRecord(snapshots.Current.HasKey(row))
            : refusal;
    }

    /// <summary>With a secret in it, the key is made in the same transaction: both or none.</summary>
    public async Task<Outcome<Agent>> CreateAsync(NewAgent wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToCreate) is { } forbidden)
            return forbidden;
        var problems = new FieldProblems();
        var name = problems.Take(EntityName.Parse(wanted.AgentName, "agent_name"));
        AgentTexts.Check(wanted.ModelName, wanted.AgentSystemPrompt, problems);
        DroppedParams.Check(wanted.DropParams, problems);
        var id = OwnId(wanted.Id, problems);
        if (problems.Refusal is not null || name is null)
            return problems.Refusal ?? throw new InvalidOperationException("Something was refused without a word.");

        return await changes.RunAsync<Agent>(caller, async change =>
        {
            if (await AgentRows.WhyTakenAsync(change.Db, caller.TeamId, name, null, ct) is { } taken)
                return taken;
            if (id is { } own && await change.Db.Agents.AnyAsync(row => row.Id == own, ct))
                return new Refusal(RefusalReason.Conflict, "id_taken", $"An agent with the id '{own}' already exists. Leave the id out to be given a free one.");
            if (!(await agentKeys.ChooseAsync(change, wanted, name, ct)).TryGet(out var choice, out var refusal))
                return refusal;

            var row = new AgentRow
            {
                Id = id ?? change.NewId(),
                TeamId = caller.TeamId,
                Name = name.Text,
                NameKey = name.Key,
                ModelName = wanted.ModelName,
                AgentUrl = AgentTexts.Given(wanted.AgentUrl),
                Hub = choice.Hub,
                ApiKeyId = choice.Key?.Id,
                SystemPrompt = AgentTexts.Given(wanted.AgentSystemPrompt),
                HubConfig = choice.HubConfig,
                DropParams = DroppedParams.Stored(wanted.DropParams),
                CreatedBy = caller.Grant.MemberId,
                CreatedAt = change.NowMs,
                UpdatedAt = change.NowMs,
            };
            change.Db.Agents.Add(row);
            var record = row.ToRecord(row.ApiKeyId is not null);
            change.Audit(AuditedSubject.Agent, "created", record.Id, row.Name, null, record);
            Publish(change, row);
            return record;
        }, ct);
    }

    public async Task<Outcome<Agent>> ChangeAsync(string idOrName, AgentChange wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        return await changes.RunAsync<Agent>(caller, async change =>
        {
            if (!(await AgentRows.FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal;
            var before = row.ToRecord(snapshots.Current.HasKey(row));
            if (await editing.ApplyAsync(change.Db, row, wanted, caller, ct) is { } refused)
                return refused;
            var changed = change.Db.Entry(row).Properties.Where(column => column.IsModified).Select(column => column.Metadata.Name).ToList();
            if (changed.Count == 0)
                return before;
            row.Version++;
            row.UpdatedAt = change.NowMs;
            var after = row.ToRecord(snapshots.Current.HasKey(row));
            change.Audit(AuditedSubject.Agent, AgentEditing.WordFor(row, changed), after.Id, row.Name, before, after);
            Publish(change, row);
            return after;
        }, ct);
    }

    /// <summary>The key may be one of the same change, so it is looked for when the change is published.</summary>
    private static void Publish(Change change, AgentRow row) => change.Publish(current =>
        current.Put(RowMapping.Agent(row, row.ApiKeyId is { } keyId ? current.Current.Keys.GetValueOrDefault(keyId) : null)));

    private static Guid? OwnId(string? text, FieldProblems problems)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        if (Guid.TryParse(text, out var id) && id != Guid.Empty)
            return id;
        problems.Add(["body", "id"], "An id of your own is a UUID.", "uuid_parsing");
        return null;
    }
}
