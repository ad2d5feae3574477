using System.Collections.Concurrent;
using Keypace.Domain.Keys;

namespace Keypace.Server.Snapshots;

/// <summary>Addresses that a key's queries went to before, so that none is parsed twice: that costs as much as routing the query.</summary>
internal sealed class KnownTargets
{
    /// <summary>A key has a handful of routes; only a caller that makes addresses up has more.</summary>
    private const int Most = 64;

    /// <summary>An address goes to the hub as it came: nothing is decoded, encoded or shortened.</summary>
    public static readonly UriCreationOptions AsItCame = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly ConcurrentDictionary<string, Uri> _uris = new(StringComparer.Ordinal);

    /// <summary>Where the newest query went: most keys' queries all go there, and it saves putting the address together.</summary>
    public KnownTarget? Newest { get; set; }

    public static Uri Parse(string address) => new(address, AsItCame);

    public Uri Of(string address)
    {
        if (_uris.TryGetValue(address, out var known))
            return known;
        var uri = Parse(address);
        if (_uris.Count < Most)
            _uris.TryAdd(address, uri);
        return uri;
    }
}

/// <summary>The address of a route that has no model in it.</summary>
/// <param name="Route">The route's name, the same object each time.</param>
internal sealed record KnownTarget(Destination Destination, string Route, Uri Uri);
