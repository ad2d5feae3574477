using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Requests;

/// <summary>Step 2: which key and which model a query means.</summary>
/// <param name="Model">The hub's own name for the model; null leaves the body's as it is, empty takes it out.</param>
internal readonly record struct ModelChoice(ServedKey Key, ServedAgent? Agent, string? Model)
{
    public const string KeyHeader = "x-keypace-key";

    /// <param name="entry">How the query would enter the line; tells which key is free soonest.</param>
    /// <param name="chosen">The key that was chosen before, which stays while it is as it was; null at first.</param>
    /// <param name="keyHeader">Name or id of a key from the header, percent-encoded; null when absent.</param>
    public static ValueTask<Outcome<ModelChoice>> OfAsync(
        KeySnapshot snapshot, ServedToken token, string? model, string? keyHeader, in Entry entry, HubCatalogue hubs, RateGroups rateGroups, ServedKey? chosen)
    {
        if (keyHeader is { Length: > 0 })
            return new(OfHeader(snapshot, token, keyHeader));

        if (model is not { Length: > 0 })
        {
            return new(Refusal.Field("model", "The body names no \"model\". Use \"agent/NAME\", \"HUB/MODEL\", or the header x-keypace-key with the hub's own model name.", "missing", "missing_model")
                with { Reason = RefusalReason.Malformed });
        }

        var slash = model.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
            return new(UnknownModel(model));
        var (place, rest) = (model[..slash], model[(slash + 1)..]);
        if (place == "agent")
            return new(OfAgent(snapshot, token, rest));
        return hubs.TryGet(place, out var hub) ? OfHubAsync(snapshot, token, hub, rest, entry, rateGroups, chosen) : new(UnknownModel(model));
    }

    private static Outcome<ModelChoice> OfHeader(KeySnapshot snapshot, ServedToken token, string keyHeader) =>
        Named(snapshot, token, keyHeader).TryGet(out var key, out var refusal) ? new ModelChoice(key, null, null) : refusal;

    /// <summary>The key that the header names.</summary>
    public static Outcome<ServedKey> Named(KeySnapshot snapshot, ServedToken token, string keyHeader)
    {
        var name = Uri.UnescapeDataString(keyHeader);
        return OfKey(snapshot.FindKey(token.TeamId, name), token, name);
    }

    /// <summary>A key that exists, may be used by this token, and can answer.</summary>
    public static Outcome<ServedKey> OfKey(ServedKey? key, ServedToken token, string nameOrId)
    {
        if (key is null || key.TeamId != token.TeamId || !token.Grant.Sees(key.Id))
            return Gone(nameOrId);

        return Trouble(key) is { } refusal ? refusal : key;
    }

    /// <summary>The same key as it is now, for what is asked of a key and not by its name.</summary>
    public static Outcome<ServedKey> Again(KeySnapshot snapshot, ServedKey key) => snapshot.Keys.GetValueOrDefault(key.Id) switch
    {
        null => Gone(key.Name.Text),
        { IsDisabled: true } now when !key.IsDisabled => Trouble(now)!,
        { Trouble: not null } now => Trouble(now)!,
        { } now => now,
    };

    public static Outcome<ModelChoice> OfAgent(KeySnapshot snapshot, ServedToken token, string nameOrId)
    {
        var agent = snapshot.FindAgent(token.TeamId, nameOrId);
        if (agent is null || !token.Grant.SeesAgent(agent.Id, agent.ApiKeyId ?? Guid.Empty))
        {
            return new Refusal(RefusalReason.NotFound, "agent_not_found",
                $"There is no agent {TypedName.Said(nameOrId)} that this token may use. 'keypace agents list' shows the names.");
        }

        if (agent.IsArchived)
        {
            return new Refusal(RefusalReason.Conflict, "agent_archived",
                $"The agent '{agent.Name}' is archived. 'keypace agents restore' brings it back.");
        }

        if (agent.ApiKeyId is not { } keyId || !snapshot.Keys.TryGetValue(keyId, out var key))
        {
            return new Refusal(RefusalReason.Conflict, "agent_without_key",
                $"The agent '{agent.Name}' has no API key any more. Give it one with 'keypace agents modify'.");
        }

        return Trouble(key) is { } refusal ? refusal : new ModelChoice(key, agent, agent.ModelName);
    }

    /// <summary>Any key of the team on the hub, the one that is free soonest, of equal ones the least used. Only keys that lead to the same place are interchangeable.</summary>
    private static async ValueTask<Outcome<ModelChoice>> OfHubAsync(
        KeySnapshot snapshot, ServedToken token, HubProfile hub, string model, Entry entry, RateGroups rateGroups, ServedKey? chosen)
    {
        if (!hub.Served)
            return NotServed(hub);
        if (chosen is not null && ReferenceEquals(snapshot.Keys.GetValueOrDefault(chosen.Id), chosen) && chosen.Hub.Name == hub.Name
            && token.Grant.Sees(chosen.Id) && Trouble(chosen) is null)
        {
            return new ModelChoice(chosen, null, model);
        }

        ServedKey? best = null;
        ServedKey? troubled = null;
        var (bestWait, bestUse) = (TimeSpan.MaxValue, double.MaxValue);
        var keys = snapshot.KeysByHub.GetValueOrDefault(new HubInTeam(token.TeamId, hub.Name), []);
        foreach (var key in keys)
        {
            if (!token.Grant.Sees(key.Id))
                continue;
            if (Trouble(key) is not null)
            {
                troubled = key;
                continue;
            }

            if (best is not null && best.Destination != key.Destination)
            {
                var names = string.Join(", ", from each in keys where token.Grant.Sees(each.Id) && Trouble(each) is null select $"'{each.Name}'");
                return new Refusal(RefusalReason.Malformed, "ambiguous_key",
                    $"The team's keys on {hub.Name} lead to different addresses ({names}). Choose one with the header x-keypace-key.");
            }

            var (wait, use) = keys.Length == 1
                ? (TimeSpan.Zero, 0)
                : await rateGroups.Get(key.RateGroupId, snapshot.RulesOf(key)).OutlookAsync(entry with { Need = new QueryNeed(model, 0, 0, key.Source) });
            if (best is null || wait < bestWait || (wait == bestWait && use < bestUse))
                (best, bestWait, bestUse) = (key, wait, use);
        }

        if (best is not null)
            return new ModelChoice(best, null, model);
        return troubled is not null && Trouble(troubled) is { } refusal
            ? refusal
            : new Refusal(RefusalReason.NotFound, "no_key_for_hub",
                $"The team has no API key on {hub.Name} that this token may use. Store one with 'keypace api-keys create --hub {hub.Name}'.");
    }

    private static Refusal Gone(string nameOrId) => new(RefusalReason.NotFound, "key_not_found",
        $"There is no API key {TypedName.Said(nameOrId)} that this token may use. 'keypace api-keys list' shows the names.");

    private static Refusal? Trouble(ServedKey key) => key switch
    {
        { IsDisabled: true } => new Refusal(RefusalReason.Conflict, "key_disabled",
            $"The API key '{key.Name}' is disabled. 'keypace api-keys enable' brings it back."),
        { Trouble: KeyTrouble.HubNotServed } => NotServed(key.Hub),
        { Trouble: KeyTrouble.DestinationChanged } => new Refusal(RefusalReason.Conflict, "destination_changed",
            $"The address of {key.Hub.Name} is not the one that the secret of '{key.Name}' was stored for. Enter the secret again for the new address."),
        _ => null,
    };

    private static Refusal NotServed(HubProfile hub) => new(RefusalReason.NotServed, "hub_not_served",
        $"Keys of {hub.DisplayName} can be stored, but queries through it are not built yet.");

    private static Refusal UnknownModel(string model) => new(RefusalReason.NotFound, "model_not_found",
        $"There is no model {TypedName.Said(model)} here. Use \"agent/NAME\", \"HUB/MODEL\" such as \"openai/gpt-4.1-mini\", or the header x-keypace-key with the hub's own model name.");
}
