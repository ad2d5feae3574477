using System.Globalization;
using System.Net;
using Keypace.Server.Platform.Settings;

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
        var name = WithoutPort(host, out var port);
        if (!IsPort(port))
            return false;
        if (name is "127.0.0.1" or "localhost" or "[::1]" || (_publicHost is not null && name.Equals(_publicHost, StringComparison.OrdinalIgnoreCase)))
            return true;
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return true;
        // A literal address cannot be rebound; it is ours where it is loopback, or one that we were told to listen on.
        return IPAddress.TryParse(name, out var address)
            && (IPAddress.IsLoopback(address) || _anyAddress || listening.Any(one => one.Address.Equals(address)));
    }

    /// <summary>Nothing, or what later readers of the header take for a port too.</summary>
    private static bool IsPort(ReadOnlySpan<char> port) =>
        port.IsEmpty || (ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0);

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host, out ReadOnlySpan<char> port)
    {
        port = default;
        var end = host.StartsWith("[") ? host.IndexOf(']') + 1 : host.IndexOf(':') is >= 0 and var colon ? colon : host.Length;
        if (end == host.Length)
            return host;
        if (end == 0 || host[end] != ':' || end == host.Length - 1)
            return [];
        port = host[(end + 1)..];
        return host[..end];
    }
}
