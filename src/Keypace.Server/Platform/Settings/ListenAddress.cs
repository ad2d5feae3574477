using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Keypace.Domain;

namespace Keypace.Server.Platform.Settings;

/// <summary>Where it listens: one of the machine's addresses, and a port (0 takes a free one).</summary>
/// <param name="IsOptional">True for the second half of "localhost": a machine without IPv6 does without it.</param>
internal sealed record ListenAddress(IPAddress Address, int Port, bool IsOptional = false)
{
    public const int DefaultPort = 5397;

    public bool IsWildcard => Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any);

    /// <summary>Refuses with <c>bad_url</c>; the detail continues the sentence "Urls …".</summary>
    /// <param name="urls">Such as <c>http://127.0.0.1:5397</c>; localhost means both loopback addresses, * every address.</param>
    public static Outcome<IReadOnlyList<ListenAddress>> ParseAll(IEnumerable<string> urls)
    {
        var addresses = new List<ListenAddress>();
        foreach (var url in urls.Select(url => url.Trim()).Where(url => url.Length > 0))
        {
            if (!TryParse(url, addresses))
            {
                return Bad(url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)
                    ? "takes http only: put a proxy with the certificate in front, and set PublicUrl"
                    : "is a list of addresses such as http://127.0.0.1:5397, with a literal address, localhost or *, and nothing after the port");
            }
        }

        return addresses.Count == 0 ? Bad("names no address") : addresses.Distinct().ToArray();
    }

    /// <summary>Whether a socket can be bound there at all; asked for IPv6, which containers often lack.</summary>
    public bool Exists()
    {
        try
        {
            using var socket = new Socket(Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(Address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool TryParse(string url, List<ListenAddress> addresses)
    {
        const string scheme = "http://";
        if (!url.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            return false;
        var rest = url[scheme.Length..].TrimEnd('/');
        var colon = rest.LastIndexOf(':');
        var hasPort = colon >= 0 && !rest.EndsWith(']');
        var host = hasPort ? rest[..colon] : rest;
        var port = 80;
        if (hasPort && (!int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > IPEndPoint.MaxPort))
            return false;

        if (string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            addresses.Add(new ListenAddress(IPAddress.Loopback, port));
            // Port 0 gives each address another port, which nobody would look for.
            if (port != 0)
                addresses.Add(new ListenAddress(IPAddress.IPv6Loopback, port, IsOptional: true));
            return true;
        }

        if (host is "*" or "+")
        {
            addresses.Add(new ListenAddress(IPAddress.Any, port));
            return true;
        }

        var isV6 = host.StartsWith('[') && host.EndsWith(']');
        if (!IPAddress.TryParse(isV6 ? host[1..^1] : host, out var address) || isV6 != (address.AddressFamily == AddressFamily.InterNetworkV6))
            return false;
        addresses.Add(new ListenAddress(address, port));
        return true;
    }

    private static Refusal Bad(string detail) => new(RefusalReason.Invalid, "bad_url", detail);
}
