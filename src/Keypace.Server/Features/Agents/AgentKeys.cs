using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.Agents;

/// <summary>The key behind a new agent: one that is there, a new one made with the agent, or none yet.</summary>
internal sealed class AgentKeys(HubCatalogue hubs, RowMapping mapping, NewKeys newKeys, KeyRows keyRows)
{
    private const string UsualHub = "custom";

    /// <param name="HubConfig">The fields that an agent keeps, as the row has them. Secrets are never among them.</param>
    public sealed record Choice(string Hub, ApiKeyRow? Key, string? HubConfig);

    public async Task<Outcome<Choice>> ChooseAsync(Change change, NewAgent wanted, EntityName agentName, CancellationToken ct)
    {
        var problems = new FieldProblems();
        var hub = wanted.Hub is { Length: > 0 } named ? problems.Take(hubs.Find(named)) : null;
        problems.CheckRange("rate_limit_requests_per_minute", wanted.RateLimitRequestsPerMinute, 1, RateLimit.MostCount);
        if (!string.IsNullOrEmpty(wanted.ApiKey) && !string.IsNullOrEmpty(wanted.ApiKeyId))
            problems.Add(["body", "api_key"], "Give api_key_id for a key that is stored, or api_key for the secret of a new one, not both.", "value_error");
        if (problems.Refusal is { } refusal)
            return refusal;

        if (wanted.ApiKeyId is { Length: > 0 } idOrName)
            return await UseStoredAsync(change.Db, wanted, hub, idOrName, change, ct);
        if (!string.IsNullOrEmpty(wanted.ApiKey) || HasSecrets(hub, wanted.HubConfig))
            return await MakeAsync(change, wanted, hub, agentName, ct);
        hub ??= mapping.HubOf(UsualHub);
        if (AgentTexts.Given(wanted.AgentUrl) is { } url && !Destination.Parse(url, "agent_url").TryGet(out _, out refusal))
            return refusal;
        return WithConfig(hub, null, wanted.HubConfig);
    }

    /// <summary>A refusal when the agent's own URL does not lie under its key's address.</summary>
    public static Refusal? WhyMisplaced(string? agentUrl, ServedKey key)
    {
        if (AgentTexts.Given(agentUrl) is not { } url)
            return null;
        if (!Destination.Parse(url, "agent_url").TryGet(out _, out var refusal))
            return refusal;
        return key.Destination is { } destination && AgentAddress.Of(url, key.Access) is { } own && destination.Covers(own)
            ? null
            : Refusal.Field("agent_url", key.Destination is null
                ? $"The API key '{key.Name}' has no address that this could lie under. Leave it empty."
                : $"The agent's URL must lie under {key.Destination}, which the secret of '{key.Name}' is bound to. Leave it empty to use that address.",
                "url", "destination_mismatch");
    }

    private async Task<Outcome<Choice>> UseStoredAsync(
        KeypaceDb db, NewAgent wanted, HubProfile? hub, string idOrName, Change change, CancellationToken ct)
    {
        if (!(await KeyRows.FindAsync(db, change.Caller, idOrName, ct)).TryGet(out var row, out var refusal))
            return refusal;
        var key = mapping.Key(row);
        if (hub is not null && hub.Name != row.Hub)
            return Refusal.Field("hub", $"The API key '{row.Name}' is one of {row.Hub}, not of '{hub.Name}'. Leave the hub out, or choose another key.", code: "hub_mismatch");
        return WhyMisplaced(wanted.AgentUrl, key) is { } misplaced ? misplaced : WithConfig(key.Hub, row, wanted.HubConfig);
    }

    private async Task<Outcome<Choice>> MakeAsync(Change change, NewAgent wanted, HubProfile? hub, EntityName agentName, CancellationToken ct)
    {
        hub ??= mapping.HubOf(UsualHub);
        var free = await FreeNameAsync(change, agentName, ct);
        var asked = new NewApiKey(free, hub.Name, wanted.ApiKey, wanted.RateLimitRequestsPerMinute, null, wanted.HubConfig, UrlFor(hub, wanted));
        if (!newKeys.Check(asked, change.Caller.TeamId).TryGet(out var newKey, out var refusal))
            return InWordsOfAgents(refusal);
        var row = await keyRows.AddAsync(change, newKey, ct);
        return WhyMisplaced(wanted.AgentUrl, mapping.Key(row)) is { } misplaced ? misplaced : WithConfig(hub, row, wanted.HubConfig);
    }

    /// <summary>The agent's URL becomes the key's where it does not lie under the hub's own address.</summary>
    private static string? UrlFor(HubProfile hub, NewAgent wanted)
    {
        if (AgentTexts.Given(wanted.AgentUrl) is not { } url)
            return null;
        var config = HubConfig.ForNew(hub, wanted.ApiKey, wanted.HubConfig).TryGet(out var parts, out _) ? parts.Config : null;
        var access = hub.AccessFor(config);
        return hub.DestinationOf(null, config).TryGet(out var hubs, out _) && AgentAddress.Of(url, access) is { } own && hubs.Covers(own) ? null : url;
    }

    /// <summary>The agent's name, or the first of "name 2", "name 3", … that no key has.</summary>
    private static async Task<string> FreeNameAsync(Change change, EntityName agentName, CancellationToken ct)
    {
        const int roomForNumber = 8;
        for (var number = 1; ; number++)
        {
            var runes = agentName.Text.EnumerateRunes().ToArray();
            var text = number == 1
                ? agentName.Text
                : string.Concat(runes.Take(EntityName.MostCharacters - roomForNumber)).TrimEnd() + " " + number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (EntityName.Parse(text).TryGet(out var name, out _)
                && await KeyRows.WhyTakenAsync(change.Db, change.Caller.TeamId, name, null, ct) is null)
            {
                return text;
            }
        }
    }

    /// <summary>What an agent's body calls <c>api_key</c> and <c>agent_url</c> is the key's <c>value</c> and <c>url</c>.</summary>
    private static Refusal InWordsOfAgents(Refusal refusal) => refusal with
    {
        Fields = refusal.Fields?.Select(field => field with
        {
            Path = [.. field.Path.Select(part => part switch
            {
                "value" => "api_key",
                "url" => "agent_url",
                "rate_limit_per_interval" => "rate_limit_requests_per_minute",
                "name" => "agent_name",
                _ => part,
            })],
        }).ToList(),
    };

    private static bool HasSecrets(HubProfile? hub, IReadOnlyDictionary<string, string?>? config) =>
        hub is not null && config is not null && hub.Fields.Any(field =>
            field.Secret && config.TryGetValue(field.Name, out var value) && !string.IsNullOrEmpty(value) && !HubConfig.IsMask(value));

    private static Outcome<Choice> WithConfig(HubProfile hub, ApiKeyRow? key, IReadOnlyDictionary<string, string?>? config)
    {
        if (!HubConfig.PublicPart(hub, config).TryGet(out var kept, out var refusal))
            return refusal;
        var json = kept.Count == 0
            ? null
            : JsonSerializer.Serialize(kept.ToDictionary(field => field.Key, field => (string?)field.Value), KeypaceJson.Default.DictionaryStringString);
        return new Choice(hub.Name, key, json);
    }
}
