using System.Net;

namespace Keypace.Server.Platform;

/// <summary>
/// The names that a request may call us by. A page of somebody else whose name suddenly leads to this machine (DNS rebinding) sends its own
/// name, which is none of these.
/// </summary>
/// <param name="listening">What we listen on.</param>
/// <param name="publicUrl">The setting <c>PublicUrl</c>; null where it is not set.</param>
internal sealed class HostNames(IReadOnlyList<ListenAddress> listening, string? publicUrl)
{
    private readonly string? _publicHost = publicUrl is null ? null : new Uri(publicUrl).Host;
    private readonly bool _anyAddress = listening.Any(one => one.IsWildcard);

    /// <param name="host">The Host header as it came, with or without a port. Allocates nothing for the usual names.</param>
    public bool Knows(ReadOnlySpan<char> host)
    {
        var name = WithoutPort(host);
        if (name is "127.0.0.1" or "localhost" or "[::1]" || (_publicHost is not null && name.Equals(_publicHost, StringComparison.OrdinalIgnoreCase)))
            return true;
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        // A literal address cannot be rebound; it is ours where it is loopback, or one that we were told to listen on.
        return IPAddress.TryParse(name, out var address)
            && (IPAddress.IsLoopback(address) || _anyAddress || listening.Any(one => one.Address.Equals(address)));
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        if (host.StartsWith("["))
            return host.IndexOf(']') is var end and > 0 && (end == host.Length - 1 || host[end + 1] == ':') ? host[..(end + 1)] : [];
        var colon = host.IndexOf(':');
        return colon < 0 ? host : host[..colon];
    }
}
