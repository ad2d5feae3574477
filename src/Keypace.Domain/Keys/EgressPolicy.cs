using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Keypace.Domain.Keys;

/// <summary>
/// Which addresses queries may be sent to. Public ones, and of the private, loopback and otherwise special ones only those that
/// <c>KEYPACE_EGRESS__ALLOW</c> lists. It decides on the resolved address, at connect, so a name that changes its mind gains nothing.
/// </summary>
public sealed class EgressPolicy
{
    private readonly record struct Allowed(IPNetwork Network, int? Port);

    private readonly List<Allowed> _allowed = [];

    private EgressPolicy()
    {
    }

    /// <param name="list">Comma-separated IPv4, [IPv6] or CIDR, each with an optional port: <c>127.0.0.1:9100, 10.2.0.0/16</c>. No names.</param>
    public static Outcome<EgressPolicy> Parse(string? list)
    {
        var policy = new EgressPolicy();
        foreach (var entry in (list ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (ParseEntry(entry) is not { } allowed)
            {
                return new Refusal(RefusalReason.Invalid, "bad_setting",
                    $"Egress:Allow holds '{entry}', which is not an IPv4 address, [IPv6] address or CIDR range with an optional port, such as 127.0.0.1:9100 or 10.2.0.0/16.");
            }

            policy._allowed.Add(allowed);
        }

        return policy;
    }

    /// <summary>May a connection be made to this address?</summary>
    public bool MayConnect(IPAddress address, int port) => IsListed(address, port) || IsPublic(address);

    /// <summary>Plain http carries the secret in the clear, so it goes to listed addresses only.</summary>
    public bool IsListed(IPAddress address, int port)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        foreach (var (network, allowedPort) in _allowed)
        {
            if ((allowedPort is null || allowedPort == port) && network.Contains(plain))
                return true;
        }

        return false;
    }

    /// <summary>
    /// What can be told from the URL alone, when a key is stored: literal addresses and the names of this machine. Other names are judged at connect.
    /// </summary>
    public bool MayStore(Uri url, out string? why)
    {
        why = null;
        var host = url.IdnHost;
        var isLocalName = host is "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal);
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal) || (isLocalName && (literal = IPAddress.Loopback) is not null))
        {
            if (!MayConnect(literal, url.Port) && !(isLocalName && IsListed(IPAddress.IPv6Loopback, url.Port)))
                why = $"The address {host}:{url.Port} is private or special. If it is meant, the operator allows it with KEYPACE_EGRESS__ALLOW={literal}:{url.Port}.";
            else if (url.Scheme == Uri.UriSchemeHttp && !IsListed(literal, url.Port) && !(isLocalName && IsListed(IPAddress.IPv6Loopback, url.Port)))
                why = "Plain http would carry the key in the clear. Use https, or have the operator list the address in KEYPACE_EGRESS__ALLOW.";
        }
        else if (url.Scheme == Uri.UriSchemeHttp)
        {
            why = "Plain http would carry the key in the clear. Use https, or the address's number with an entry in KEYPACE_EGRESS__ALLOW.";
        }

        return why is null;
    }

    /// <summary>False for every range of the IANA special-purpose registries, cloud metadata addresses, and IPv4 wrapped in IPv6.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        if (address.AddressFamily is AddressFamily.InterNetwork)
            return !SpecialAddresses.IsSpecial(address);
        if (address.IsIPv4MappedToIPv6)
            return !SpecialAddresses.IsSpecial(address.MapToIPv4());
        return !SpecialAddresses.IsSpecialV6(address);
    }

    private static Allowed? ParseEntry(string entry)
    {
        int? port = null;
        var address = entry;
        var colon = entry.LastIndexOf(':');
        var isBracketed = entry.StartsWith('[');
        if (colon > 0 && (isBracketed ? entry[colon - 1] == ']' || entry.LastIndexOf(']') < colon : entry.IndexOf(':') == colon))
        {
            if (!int.TryParse(entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
                return null;
            port = number;
            address = entry[..colon];
        }

        address = address.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal);
        if (address.Contains('/', StringComparison.Ordinal))
            return IPNetwork.TryParse(address, out var network) ? new Allowed(network, port) : null;
        return IPAddress.TryParse(address, out var single)
            ? new Allowed(new IPNetwork(single, single.AddressFamily is AddressFamily.InterNetwork ? 32 : 128), port)
            : null;
    }
}
