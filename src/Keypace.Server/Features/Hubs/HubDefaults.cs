using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Hubs;

/// <summary>Hubs as a team sees them, and the limits that the team has set in place of the hubs' own defaults. Keys that are stored already keep theirs.</summary>
internal sealed class HubDefaults(HubCatalogue hubs, KeySnapshots snapshots, ManagementChanges changes)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToAdminister = Need.Administer;

    public Outcome<IReadOnlyList<Hub>> List(Caller caller) =>
        caller.Check(ToRead) is { } forbidden ? forbidden : hubs.All.Select(hub => ToRecord(hub, caller)).ToArray();

    public Outcome<Hub> Get(string name, Caller caller) =>
        caller.Check(ToRead) is { } forbidden ? forbidden : Find(name).TryGet(out var hub, out var refusal) ? ToRecord(hub, caller) : refusal;

    public async Task<Outcome<Hub>> SetAsync(string name, HubDefault wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        if (!Find(name).TryGet(out var hub, out var refusal))
            return refusal;
        var problems = new FieldProblems();
        problems.CheckRange("rate_limit_per_interval", wanted.RateLimitPerInterval, 1, RateLimit.MostCount);
        problems.CheckRange("rate_limit_interval", wanted.RateLimitInterval, 1, RateLimit.MostSeconds);
        if (wanted.RateLimitPerInterval is null && wanted.RateLimitInterval is not null)
            problems.Add(["body", "rate_limit_per_interval"], "An interval alone is no limit. Give the count too, or neither for the hub's own default.", "missing");
        if (problems.Refusal is { } refused)
            return refused;

        RateLimit? limit = wanted.RateLimitPerInterval is { } count ? new RateLimit(count, wanted.RateLimitInterval ?? RateLimit.DefaultSeconds) : null;
        return await changes.RunAsync<Hub>(caller, async change =>
        {
            var team = await change.Db.Teams.FirstAsync(row => row.Id == caller.TeamId, ct);
            var defaults = RowMapping.DefaultsOf(team.HubDefaults);
            if ((defaults.TryGetValue(hub.Name, out var before) ? before : (RateLimit?)null) == limit)
                return HubRecords.ToRecord(hub, limit);
            var changed = limit is { } set ? defaults.SetItem(hub.Name, set) : defaults.Remove(hub.Name);
            team.HubDefaults = changed.IsEmpty
                ? null
                : JsonSerializer.Serialize(
                    changed.ToDictionary(each => each.Key, each => (string?)$"{each.Value.Count}/{each.Value.Seconds}"), KeypaceJson.Default.DictionaryStringString);
            team.UpdatedAt = change.NowMs;
            change.Audit(AuditedSubject.Hub, limit is null ? "default_reset" : "default_set", hub.Name, hub.DisplayName,
                HubRecords.ToRecord(hub, defaults.ContainsKey(hub.Name) ? before : null), HubRecords.ToRecord(hub, limit));
            change.Publish(published => published.PutDefaults(caller.TeamId, changed));
            return HubRecords.ToRecord(hub, limit);
        }, ct);
    }

    private Hub ToRecord(HubProfile hub, Caller caller) => HubRecords.ToRecord(hub, snapshots.Current.DefaultOf(caller.TeamId, hub.Name));

    private Outcome<HubProfile> Find(string name) => hubs.TryGet(name, out var hub) ? hub : Refusal.NotFound("hub", name.Length > 100 ? name[..100] + "…" : name);
}
