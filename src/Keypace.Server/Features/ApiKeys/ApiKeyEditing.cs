using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>
/// Applies a PUT to a key's row. What is absent stays, what is the same is no change, and a secret never follows the key to another
/// place: for another hub or address it has to be given again.
/// </summary>
internal sealed class ApiKeyEditing(HubCatalogue hubs, NewKeys newKeys, KeySealing sealing, RowMapping mapping)
{
    /// <summary>Null when the row now is as wanted; after a refusal the row must not be saved.</summary>
    public async Task<Refusal?> ApplyAsync(KeypaceDb db, ApiKeyRow row, ApiKeyChange wanted, CancellationToken ct)
    {
        if (wanted.Version is { } version && version != row.Version)
            return StaleKeys.Refuse(row, wanted, version);

        var problems = new FieldProblems();
        var name = wanted.Name is null ? null : problems.Take(EntityName.Parse(wanted.Name));
        NewKeys.CheckLimit(wanted.RateLimitPerInterval, wanted.RateLimitInterval, problems);
        KeyPacingFields.Check(wanted, problems);
        PassedHeaders.Check(wanted.PassHeaders, problems);
        DroppedParams.Check(wanted.DropParams, problems);
        var status = row.Status;
        if (wanted.Status is not null && !StatusWords.TryParse(wanted.Status, out status))
            problems.Add(["body", "status"], "A key's status is 'active' or 'disabled'.", "enum");
        var hub = wanted.Hub is null || wanted.Hub == row.Hub ? mapping.HubOf(row.Hub) : problems.Take(hubs.Find(wanted.Hub));
        if (hub is not null && ChangeSecretAndPlace(row, wanted, hub) is { } refused)
            problems.Add(refused);
        if (problems.Refusal is { } refusal)
            return refusal;
        if (db.Entry(row).Property(key => key.Envelope).IsModified)
            await GroupChoice.JoinAsync(db, row, ct);

        if (name is not null && name.Text != row.Name)
        {
            if (await KeyRows.WhyTakenAsync(db, row.TeamId, name, row.Id, ct) is { } taken)
                return taken;
            (row.Name, row.NameKey) = (name.Text, name.Key);
        }

        var limit = new RateLimit(wanted.RateLimitPerInterval ?? row.RateLimitPerInterval, wanted.RateLimitInterval ?? row.RateLimitInterval);
        if (limit != new RateLimit(row.RateLimitPerInterval, row.RateLimitInterval))
            (row.RateLimitPerInterval, row.RateLimitInterval, row.LimitIsDefault) = (limit.Count, limit.Seconds, false);
        if (wanted.RateLimitSource is { } source)
            ChooseLimit(row, source);
        KeyPacingFields.Put(row, wanted);
        row.DropParams = wanted.DropParams is null ? row.DropParams : DroppedParams.Stored(wanted.DropParams);
        row.PassHeaders = wanted.PassHeaders is null ? row.PassHeaders : PassedHeaders.Stored(wanted.PassHeaders);
        row.Status = status;
        return null;
    }

    /// <summary>What was cut from the address of a change that is made; null when nothing was.</summary>
    public WholeEndpoint? CutFrom(ApiKeyChange wanted, ApiKeyRow saved) => NewKeys.Given(wanted.Url) == saved.Url
        ? null
        : WholeEndpoint.In(wanted.Url, mapping.HubOf(saved.Hub), RowMapping.ConfigOf(saved.HubConfig));

    private void ChooseLimit(ApiKeyRow row, string source)
    {
        row.LimitIsDefault = source == LimitSources.Default;
        if (row.LimitIsDefault)
            (row.RateLimitPerInterval, row.RateLimitInterval) = mapping.HubOf(row.Hub).DefaultLimit.Limit;
    }

    /// <summary>One word for the audit.</summary>
    /// <param name="changed">Names of the columns that changed.</param>
    public static string WordFor(ApiKeyRow row, IReadOnlyList<string> changed) => changed switch
    {
        _ when changed.All(column => column is nameof(ApiKeyRow.Name) or nameof(ApiKeyRow.NameKey)) => "renamed",
        [nameof(ApiKeyRow.Status)] => row.Status is KeyStatus.Active ? "enabled" : "disabled",
        _ => "changed",
    };

    private Refusal? ChangeSecretAndPlace(ApiKeyRow row, ApiKeyChange wanted, HubProfile hub)
    {
        if (wanted is { Value: null or "", HubConfig: null, Url: null } && hub.Name == row.Hub)
            return null;

        var isOtherHub = hub.Name != row.Hub;
        var stored = RowMapping.ConfigOf(row.HubConfig);
        var url = wanted.Url is null ? (isOtherHub ? null : row.Url) : NewKeys.Given(wanted.Url);
        var taken = isOtherHub
            ? HubConfig.ForNew(hub, wanted.Value, wanted.HubConfig)
            : HubConfig.ForChange(hub, wanted.Value, wanted.HubConfig, stored);
        if (!taken.TryGet(out var parts, out var refusal))
            return isOtherHub && refusal.Fields is [{ Type: "missing" }, ..] ? NeedsSecret("hub") : refusal;
        if (wanted.Url is not null && url != row.Url)
            url = WholeEndpoint.In(url, hub, parts.Config)?.Base ?? url;
        if (!newKeys.DestinationOf(hub, url, parts.Config).TryGet(out var destination, out refusal))
            return refusal;

        // Compared with what the same fields meant before, not with what is stored: a hub that moved is not this person's doing.
        var isSamePlace = !isOtherHub && mapping.HubOf(row.Hub).DestinationOf(row.Url, stored).TryGet(out var before, out _) && before.Equals(destination)
            && parts.Access.Auth.Injection == hub.AccessFor(stored).Auth.Injection;
        if (!parts.HasNewSecret)
        {
            if (!isSamePlace && row.Envelope is not null)
                return NeedsSecret(isOtherHub ? "hub" : wanted.Url is not null ? "url" : "hub_config");
            KeepSecret(row, hub, parts, url, isSamePlace ? null : destination);
            return null;
        }

        if (parts.NeedsStored && (!isSamePlace || row.Envelope is null))
            return NeedsSecret(wanted.Url is not null ? "url" : "hub_config");
        var text = parts.NeedsStored && sealing.Open(row) is { } opened ? parts.JoinWith(opened) : parts.NeedsStored ? null : parts.Join();
        if (text is null)
            return NeedsSecret("hub_config");
        if (KeySealing.WhyTooLong(text) is { } tooLong)
            return tooLong;
        (row.Hub, row.Url) = (hub.Name, url);
        sealing.Seal(row, parts, destination, text);
        return null;
    }

    private static void KeepSecret(ApiKeyRow row, HubProfile hub, KeyParts parts, string? url, Destination? moved)
    {
        (row.Hub, row.Url) = (hub.Name, url);
        if (moved is not null)
            KeySealing.Move(row, parts, moved);
        else if (!SameTexts(parts.Config, RowMapping.ConfigOf(row.HubConfig)))
            KeySealing.Describe(row, parts);
    }

    private static Refusal NeedsSecret(string field) => Refusal.Field(field,
        "A stored secret goes to no other hub or address. Give the secret again together with the change.", "missing", "destination_needs_secret");

    private static bool SameTexts(IReadOnlyDictionary<string, string> left, IReadOnlyDictionary<string, string> right) =>
        left.Count == right.Count && left.All(field => right.TryGetValue(field.Key, out var other) && other == field.Value);
}
