using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Requests;

/// <summary>Where a passthrough query goes: what stands behind <c>/keys/NAME</c>, confined to the key's destination.</summary>
internal static class HubTarget
{
    private const string ModelPlace = "{model}";

    /// <param name="Name">The key's name or id, decoded once.</param>
    /// <param name="Rest">What follows the name, raw, without the leading slash, query included.</param>
    public readonly record struct Parts(string Name, string Rest);

    /// <summary>Takes <c>/keys/NAME/rest?query</c> apart. Null when it has no name.</summary>
    public static Parts? Split(string rawTarget)
    {
        const string Prefix = "/keys/";
        if (!rawTarget.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var end = rawTarget.AsSpan(Prefix.Length).IndexOfAny('/', '?');
        var name = end < 0 ? rawTarget[Prefix.Length..] : rawTarget.Substring(Prefix.Length, end);
        if (name.Length == 0)
            return null;
        var rest = end < 0 ? "" : rawTarget[(Prefix.Length + end)..];
        return new Parts(Uri.UnescapeDataString(name), rest.StartsWith('/') ? rest[1..] : rest);
    }

    /// <summary>
    /// The hub's address for what stands behind a key's name. It lies under the destination's prefix: where it does not begin with
    /// the prefix, the prefix is put in front, so that a base URL with and without <c>/v1</c> both work.
    /// </summary>
    public static Outcome<Uri> Under(Destination destination, string rest) =>
        destination.TryExtend(rest, out var pathAndQuery) && Uri.TryCreate(destination.Origin + pathAndQuery, KnownTargets.AsItCame, out var uri)
            ? uri
            : new Refusal(RefusalReason.Malformed, "bad_path",
                "The path behind the key's name holds dot segments (also encoded ones are not taken) or characters that a URL cannot have. Send it as the hub documents it.");

    /// <summary>The destination itself, as people write it: without a slash at its end.</summary>
    public static Outcome<Uri> At(Destination destination) => KnownTargets.Parse(destination.Prefix == "/" ? destination.Address : destination.Address.TrimEnd('/'));

    /// <summary>The address of one of the hub's own routes on the OpenAI side of the gateway; a refusal where the hub has none.</summary>
    /// <param name="model">The hub's own name for the model, for hubs that have it in their addresses; null or empty when the query names none.</param>
    public static Outcome<Uri> Of(ServedKey key, ServedAgent? agent, GatewayRoute route, string? model)
    {
        if ((agent?.Destination ?? key.Destination) is not { } destination)
            return new Refusal(RefusalReason.Conflict, "key_without_address", $"The API key '{key.Name}' has no address. Give it a url.");
        if (key.Targets.Newest is { } newest && ReferenceEquals(newest.Destination, destination) && ReferenceEquals(newest.Route, route.Name))
            return newest.Uri;
        if (route.PathAt(key.Access.Paths) is not { } path)
            return new Refusal(RefusalReason.NotFound, "route_not_offered", $"{key.Hub.DisplayName}, where the API key '{key.Name}' leads, has no {route.Name}. Its own routes are at /keys/{Uri.EscapeDataString(key.Name.Text)}/…");
        var isModels = path.Contains(ModelPlace, StringComparison.Ordinal);
        if (isModels)
        {
            if (string.IsNullOrEmpty(model))
                return new Refusal(RefusalReason.Malformed, "missing_model", $"{key.Hub.DisplayName} has the model in its addresses, and the query names none. Give \"model\" (on Azure the deployment's name).");
            path = path.Replace(ModelPlace, Uri.EscapeDataString(model), StringComparison.Ordinal);
            if (!destination.TryExtend(path, out _))
                return new Refusal(RefusalReason.Malformed, "bad_path", $"{key.Hub.DisplayName} has the model in its addresses, and this name would lead out of them. Give the model's own name.");
        }

        var query = ReferenceEquals(route, GatewayRoute.ChatCompletions) && key.Access.ChatQuery is { } chatQuery ? "?" + chatQuery : "";
        var uri = key.Targets.Of(destination.Address + path + query);
        if (!isModels)
            key.Targets.Newest = new KnownTarget(destination, route.Name, uri);
        return uri;
    }

    /// <summary>
    /// An address that a hub gave in a header (absolute, or relative to the query's), as it is reached through us: <c>/keys/NAME/v1/files/1</c>.
    /// Null where it leads anywhere else than under the key's destination.
    /// </summary>
    public static string? ThroughGateway(ServedKey key, Uri asked, string address)
    {
        if (key.Destination is not { } destination
            || !Uri.TryCreate(new Uri(asked.OriginalString), address, out var leads)
            || leads.UserInfo.Length > 0
            || !Destination.Parse(leads.GetLeftPart(UriPartial.Authority)).TryGet(out var place, out _)
            || place.Origin != destination.Origin
            || !(leads.AbsolutePath + "/").StartsWith(destination.Prefix, StringComparison.Ordinal)
            || !destination.TryExtend(leads.PathAndQuery, out _))
        {
            return null;
        }

        return $"/keys/{Uri.EscapeDataString(key.Name.Text)}{leads.PathAndQuery}";
    }

    /// <summary>A path of the hub's file: under the address, or with a slash in front under its origin.</summary>
    public static Uri Of(Destination destination, string path) => KnownTargets.Parse(path.StartsWith('/') ? destination.Origin + path : destination.Address + path);
}
