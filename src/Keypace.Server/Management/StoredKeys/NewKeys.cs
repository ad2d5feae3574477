using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Requests;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>A key that may be stored: everything about it was checked.</summary>
/// <param name="Url">As the person gave it, less the call where it was a whole endpoint; null when the hub's own address is meant.</param>
/// <param name="Wanted">For the fields that were only checked.</param>
internal sealed record NewKey(
    EntityName Name, HubProfile Hub, KeyParts Parts, string? Url, Destination Destination, RateLimit Limit, bool LimitIsDefault, NewApiKey Wanted)
{
    /// <summary>What the person gave for the address, where that was a whole endpoint; otherwise null.</summary>
    public WholeEndpoint? Endpoint { get; init; }
}

/// <summary>Checks what people want to store, for keys on their own and for keys that come with an agent.</summary>
internal sealed class NewKeys(HubCatalogue hubs, EgressPolicy egress, KeySnapshots snapshots)
{
    /// <param name="teamId">Whose default limits count.</param>
    public Outcome<NewKey> Check(NewApiKey wanted, Guid teamId)
    {
        var problems = new FieldProblems();
        var name = problems.Take(EntityName.Parse(wanted.Name));
        var hub = problems.Take(hubs.Find(wanted.Hub));
        CheckLimit(wanted.RateLimitPerInterval, wanted.RateLimitInterval, problems);
        KeyPacingFields.Check(wanted, problems);
        PassedHeaders.Check(wanted.PassHeaders, problems);
        DroppedParams.Check(wanted.DropParams, problems);
        var parts = hub is null ? null : problems.Take(HubConfig.ForNew(hub, wanted.Value, wanted.HubConfig));
        var endpoint = hub is null || parts is null ? null : WholeEndpoint.In(wanted.Url, hub, parts.Config);
        var url = endpoint?.Base ?? Given(wanted.Url);
        var destination = hub is null || parts is null ? null : problems.Take(DestinationOf(hub, url, parts.Config));
        if (KeySealing.WhyTooLong(parts?.Join()) is { } tooLong)
            problems.Add(tooLong);
        if (problems.Refusal is not null || name is null || hub is null || parts is null || destination is null)
            return problems.Refusal ?? throw new InvalidOperationException("Something was refused without a word.");

        return new NewKey(
            name, hub, parts, url, destination,
            LimitOf(wanted.RateLimitPerInterval, wanted.RateLimitInterval, snapshots.Current.DefaultOf(teamId, hub.Name) ?? hub.DefaultLimit.Limit),
            wanted.RateLimitPerInterval is null && wanted.RateLimitInterval is null && wanted.RateLimitSource != LimitSources.Set,
            wanted)
        {
            Endpoint = endpoint,
        };
    }

    /// <summary>Where a key's secret may travel, if it may be stored for that place at all.</summary>
    public Outcome<Destination> DestinationOf(HubProfile hub, string? url, IReadOnlyDictionary<string, string> config)
    {
        if (!hub.DestinationOf(url, config).TryGet(out var destination, out var refusal))
            return refusal;
        if (!egress.MayStore(new Uri(destination.Address), out var why))
            return Refusal.Field("url", why ?? "This address is not allowed.", "url", "url_not_allowed");
        // The secret also goes to where access tokens come from.
        return hub.AccessFor(config).Auth.TokenUrl is { } tokenUrl && !egress.MayStore(new Uri(tokenUrl), out why)
            ? Refusal.Field("hub", $"The address for access tokens in the hub's file: {why}", "url", "url_not_allowed")
            : destination;
    }

    public static void CheckLimit(int? count, int? seconds, FieldProblems problems)
    {
        problems.CheckRange("rate_limit_per_interval", count, 1, RateLimit.MostCount);
        problems.CheckRange("rate_limit_interval", seconds, 1, RateLimit.MostSeconds);
    }

    /// <summary>White space and nothing mean the hub's own address.</summary>
    public static string? Given(string? url) => string.IsNullOrWhiteSpace(url) ? null : url.Trim();

    private static RateLimit LimitOf(int? count, int? seconds, RateLimit hubs) => (count, seconds) switch
    {
        ({ } n, { } t) => new RateLimit(n, t),
        ({ } n, null) => new RateLimit(n, RateLimit.DefaultSeconds),
        (null, { } t) => new RateLimit(hubs.Count, t),
        _ => hubs,
    };
}
