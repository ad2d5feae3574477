using System.Net;

namespace Keypace.Domain.Keys;

/// <summary>
/// Addresses that are not the public Internet. A credential is never sent there unless the operator lists the address. Sources, read 2026-11:
/// IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and successors), IANA's IPv6 address space (global unicast is 2000::/3),
/// and the places where clouds keep instance metadata. Also the anycast services that the registries call globally reachable (AS112, AMT, PCP,
/// TURN): whoever answers there is no hub.
/// </summary>
internal static class SpecialAddresses
{
    private static readonly IPNetwork[] V4 =
    [
        .. from range in (string[])
        [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
            "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32",   // Azure's wire server
        ]
        select IPNetwork.Parse(range),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>NAT64's well-known prefix (RFC 6052): the IPv4 address stands in the last four bytes. Its local twin 64:ff9b:1::/48 is special as a whole.</summary>
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Inside global unicast; everything outside is special without being named.</summary>
    private static readonly IPNetwork[] V6 =
    [
        .. from range in (string[])
        [
            "2001::/23",          // IETF protocol assignments: Teredo, PCP, TURN, benchmarking, AMT, AS112, ORCHID, drone ids
            "2001:db8::/32",      // documentation
            "2002::/16",          // 6to4: wraps an IPv4 address, and relays are gone (RFC 7526)
            "2620:4f:8000::/48",  // AS112
            "3fff::/20",          // documentation
        ]
        select IPNetwork.Parse(range),
    ];

    public static bool IsSpecial(IPAddress v4) => Array.Exists(V4, range => range.Contains(v4));

    /// <summary>
    /// True for all but global unicast and NAT64 of a public IPv4 address. So IPv4 wrapped in any other way (mapped, translated, compatible, 6to4,
    /// Teredo, ISATAP) is special whatever it wraps; mapped addresses are unwrapped before they come here.
    /// </summary>
    public static bool IsSpecialV6(IPAddress v6)
    {
        Span<byte> bytes = stackalloc byte[16];
        v6.TryWriteBytes(bytes, out _);
        if (Nat64.Contains(v6))
            return IsSpecial(new IPAddress(bytes[12..]));
        if (!GlobalUnicast.Contains(v6) || Array.Exists(V6, range => range.Contains(v6)))
            return true;
        return bytes[8..12] is [0x00 or 0x02, 0x00, 0x5e, 0xfe];   // ISATAP (RFC 5214): a tunnel's end, whose IPv4 address follows
    }
}
