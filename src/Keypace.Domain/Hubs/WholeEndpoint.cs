using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>
/// The address of one call (<c>https://host/v1/chat/completions</c>), which people copy from a hub's documentation and give as the base address. It is
/// cut where an address is taken in, and never afterwards: what a secret was stored for stays what it is.
/// </summary>
/// <param name="Base">The address without the call, as it was written: <c>https://host/v1</c>.</param>
/// <param name="Call">What was cut: <c>chat/completions</c>.</param>
public sealed record WholeEndpoint(string Base, string Call)
{
    /// <summary>For the answer to whoever gave the address.</summary>
    public string Sentence => $"The address was that of one call: '/{Call}' was cut from its end, and the base address is {Base}.";

    /// <summary>Null for an address that does not end in one of the hub's calls, for none, and for one that cannot be read.</summary>
    /// <param name="config">The key's hub_config, which says in which way the hub is reached.</param>
    public static WholeEndpoint? In(string? url, HubProfile hub, IReadOnlyDictionary<string, string>? config)
    {
        ArgumentNullException.ThrowIfNull(hub);
        return In(url, hub.AccessFor(config));
    }

    /// <inheritdoc cref="In(string?, HubProfile, IReadOnlyDictionary{string, string}?)"/>
    public static WholeEndpoint? In(string? url, HubAccess access)
    {
        ArgumentNullException.ThrowIfNull(access);
        if (string.IsNullOrWhiteSpace(url) || !Destination.Parse(url.Trim()).TryGet(out var given, out _) || given.Prefix == "/")
            return null;
        var segments = given.Prefix.Trim('/').Split('/');
        var paths = access.Paths;
        foreach (var path in (ReadOnlySpan<string?>)[paths.Chat, paths.Completions, paths.Embeddings, paths.Responses, paths.Models])
        {
            if (LengthOf(path, segments) is not (> 0 and var length))
                continue;
            if (length == segments.Length && access.DefaultPrefix is not null)
                return null;   // without a path the address would mean another place
            var written = url.Trim().TrimEnd('/').Split('/');
            return new WholeEndpoint(string.Join('/', written[..^length]), string.Join('/', written[^length..]));
        }

        return null;
    }

    /// <summary>How many segments at the end are this call; 0 when it is another.</summary>
    private static int LengthOf(string? path, string[] segments)
    {
        // Chat comes first, so that "completions" is not taken out of "chat/completions".
        if (path is not { Length: > 0 } || path[0] == '/')
            return 0;
        var call = path.Split('?')[0].Split('/');
        if (call.Length > segments.Length)
            return 0;
        var end = segments.AsSpan(segments.Length - call.Length);
        for (var index = 0; index < call.Length; index++)
        {
            if (!FieldTemplate.HasPlaces(call[index]) && !call[index].Equals(end[index], StringComparison.OrdinalIgnoreCase))
                return 0;
        }

        return call.Length;
    }
}
