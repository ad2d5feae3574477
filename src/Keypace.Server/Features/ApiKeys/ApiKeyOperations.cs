using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What can be done with stored keys.</summary>
internal sealed class ApiKeyOperations(
    Store store,
    ManagementChanges changes,
    KeySnapshots snapshots,
    KeyHealth health,
    Pacing.RateGroups groups,
    NewKeys newKeys,
    KeyRows keyRows,
    ApiKeyEditing editing,
    GroupChoice groupChoice,
    KeyAccounts accounts,
    DueDeletions dueDeletions)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToCreate = Need.Create;
    public const Need ToChange = Need.Change;

    /// <summary>So long a deleted key can be had back; then row and envelope are destroyed.</summary>
    public static readonly TimeSpan RestorableFor = TimeSpan.FromSeconds(15);

    /// <param name="hubs">Only keys of these hubs; null for all.</param>
    public async Task<Outcome<IReadOnlyList<ApiKey>>> ListAsync(IReadOnlySet<string>? hubs, ListWindow window, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var rows = (await KeyRows.Of(db, caller.TeamId).ToListAsync(ct))
            .Where(row => caller.Grant.Sees(row.Id) && (hubs is null || hubs.Contains(row.Hub)) && window.Matches(row.Name));
        var ordered = window.Order(rows, (row, field) => field switch
        {
            "name" => row.Name,
            "hub" => row.Hub,
            "last_used_at" => row.LastUsedAt,
            _ => row.CreatedAt,
        });
        return window.Cut(ordered).Select(row => Noticed(row, caller)).ToArray();
    }

    public async Task<Outcome<ApiKey>> GetAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal) ? Noticed(row, caller) : refusal;
    }

    public async Task<Outcome<ApiKey>> CreateAsync(NewApiKey wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToCreate) is { } forbidden)
            return forbidden;
        if (!newKeys.Check(wanted, caller.TeamId).TryGet(out var key, out var refusal))
            return refusal;
        var made = await changes.RunAsync<ApiKeyRow>(caller, async change =>
            await KeyRows.WhyTakenAsync(change.Db, caller.TeamId, key.Name, null, ct) is { } taken ? taken : await keyRows.AddAsync(change, key, ct), ct);
        return made.TryGet(out var row, out refusal) ? Noticed(row, caller, key.Endpoint) : refusal;
    }

    public async Task<Outcome<ApiKey>> ChangeAsync(string idOrName, ApiKeyChange wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        var changed = await changes.RunAsync<ApiKeyRow>(caller, async change =>
        {
            if (!(await KeyRows.FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal;
            var before = row.ToRecord();
            if (await editing.ApplyAsync(change.Db, row, wanted, ct) is { } refused)
                return refused;
            var moved = new List<ApiKeyRow>();
            if (wanted.RateGroupId is { } group && await groupChoice.ApplyAsync(change.Db, row, group, caller.Grant.Sees, moved, ct) is { } notThere)
                return notThere;
            var changed = change.Db.Entry(row).Properties.Where(column => column.IsModified).Select(column => column.Metadata.Name).ToList();
            if (changed.Count == 0)
                return row;
            row.Version++;
            row.UpdatedAt = change.NowMs;
            change.Audit(AuditedSubject.ApiKey, ApiKeyEditing.WordFor(row, changed), row.Id.ToString(), row.Name, before, row.ToRecord());
            await keyRows.PublishAsync(change, row, ct);
            if (changed.Contains(nameof(ApiKeyRow.Envelope)))
                await EndStandingAsync(change, row.Id, ct);   // what was known was known of another secret, or of another place
            foreach (var other in moved.Where(other => other.Id != row.Id))
            {
                (other.Version, other.UpdatedAt) = (other.Version + 1, change.NowMs);
                change.Audit(AuditedSubject.ApiKey, "changed", other.Id.ToString(), other.Name, null, other.ToRecord());
                await keyRows.PublishAsync(change, other, ct);
            }

            return row;
        }, ct);
        return changed.TryGet(out var saved, out var why)
            ? Noticed(saved, caller, editing.CutFrom(wanted, saved))
            : why;
    }

    /// <summary>Ends the key's use at once. Its row and envelope stay for <see cref="RestorableFor"/>.</summary>
    public async Task<Outcome<ApiKeyDeleted>> DeleteAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        return await changes.RunAsync<ApiKeyDeleted>(caller, async change =>
        {
            if (!(await KeyRows.FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal;
            var before = row.ToRecord();
            row.DisabledBeforeDeletion = row.Status is KeyStatus.Disabled;
            (row.Status, row.DeletedAt, row.UpdatedAt) = (KeyStatus.Deleted, change.NowMs, change.NowMs);
            row.Version++;
            change.Audit(AuditedSubject.ApiKey, "deleted", row.Id.ToString(), row.Name, before, null);
            var due = change.Now + RestorableFor;
            change.Publish(current =>
            {
                current.RemoveKey(row.Id);
                dueDeletions.Add(due);
            });
            await EndStandingAsync(change, row.Id, ct);
            var agents = await change.Db.Agents.Where(agent => agent.ApiKeyId == row.Id && agent.Status != AgentStatus.Archived)
                .OrderBy(agent => agent.Name).Select(agent => agent.Name).ToListAsync(ct);
            return new ApiKeyDeleted(row.Id.ToString(), row.Name, true, agents, due.ToUnixTimeSeconds());
        }, ct);
    }

    /// <summary>Brings a key back that was deleted a moment ago, with its secret and its agents.</summary>
    public async Task<Outcome<ApiKey>> RestoreAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        var restored = await changes.RunAsync<ApiKeyRow>(caller, async change =>
        {
            var since = (change.Now - RestorableFor).ToUnixTimeMilliseconds();
            var deleted = change.Db.ApiKeys.Where(key => key.TeamId == caller.TeamId && key.Status == KeyStatus.Deleted && key.DeletedAt > since);
            if (!(await KeyRows.FindAmongAsync(deleted, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal with { Detail = $"There is no API key {TypedName.Said(idOrName)} that was deleted in the last {RestorableFor.TotalSeconds:0} s. Store it anew." };
            if (!EntityName.Parse(row.Name).TryGet(out var name, out refusal))
                return refusal;
            if (await KeyRows.WhyTakenAsync(change.Db, caller.TeamId, name, row.Id, ct) is { } taken)
                return taken;
            (row.Status, row.DeletedAt, row.UpdatedAt) = (row.DisabledBeforeDeletion ? KeyStatus.Disabled : KeyStatus.Active, null, change.NowMs);
            row.Version++;
            change.Audit(AuditedSubject.ApiKey, "restored", row.Id.ToString(), row.Name, null, row.ToRecord());
            await keyRows.PublishAsync(change, row, ct);
            return row;
        }, ct);
        return restored.TryGet(out var saved, out var why) ? Noticed(saved, caller) : why;
    }

    /// <summary>
    /// What answers have told of the key ends, in the change itself: after a crash nothing of it is there. Behind the key's own publication, so that a query which
    /// is told just now either sees the new key or is forgotten with the rest. What its hub taught of limits goes with the secret (<see cref="Pacing.UnderLock.GroupLessons"/>).
    /// </summary>
    private async Task EndStandingAsync(Change change, Guid id, CancellationToken ct)
    {
        await TroubleTable.RemoveAsync(change.Db, id, ct);
        change.Publish(_ =>
        {
            health.Clear(id);
            accounts.Forget(id);
        });
    }

    /// <param name="endpoint">What was given for the address just now, if it was cut.</param>
    private ApiKey Noticed(ApiKeyRow row, Caller caller, WholeEndpoint? endpoint = null)
    {
        var (snapshot, trouble) = (snapshots.Current, health.Of(row.Id));
        var notice = KeyRecords.NoticeOf(snapshot, row.Id, caller.Grant.Sees, trouble, accounts);
        var served = snapshot.Keys.GetValueOrDefault(row.Id);
        var figures = groups.TryGet(row.RateGroupId, out var group) ? group.Figures() : null;
        return row.ToRecord(endpoint is null ? notice : notice is null ? endpoint.Sentence : $"{endpoint.Sentence} {notice}") with
        {
            State = KeyStanding.Of(
                row.Status, served?.Trouble, trouble,
                isPaused: figures?.PauseOf(served?.Source ?? default).Until is not null,
                isLowered: figures is not null && !snapshot.IsShared(row.RateGroupId) && figures.Limit.Seconds == row.RateLimitInterval && figures.Limit.Count < row.RateLimitPerInterval).Word(),
        };
    }
}
