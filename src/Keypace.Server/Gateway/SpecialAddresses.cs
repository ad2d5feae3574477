using System.Net;

namespace Keypace.Server.Gateway;

/// <summary>
/// Addresses that are not the public Internet: the IANA special-purpose registries (RFC 6890 and successors) and the places where
/// clouds keep instance metadata. A credential is never sent there unless the operator lists the address.
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

    private static readonly IPNetwork[] V6 =
    [
        .. from range in (string[])
        [
            "::/128", "::1/128", "100::/64", "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "3fff::/20",
            "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        ]
        select IPNetwork.Parse(range),
    ];

    public static bool IsSpecial(IPAddress v4) => Array.Exists(V4, range => range.Contains(v4));

    /// <summary>Also true where an IPv4 address is wrapped inside (compatible, NAT64, 6to4, Teredo) and that one is special.</summary>
    public static bool IsSpecialV6(IPAddress v6)
    {
        if (Array.Exists(V6, range => range.Contains(v6)))
            return true;

        Span<byte> bytes = stackalloc byte[16];
        v6.TryWriteBytes(bytes, out _);
        if (bytes[..12].IndexOfAnyExcept((byte)0) < 0)                                            // ::a.b.c.d
            return IsSpecial(new IPAddress(bytes[12..]));
        if (bytes is [0x00, 0x64, 0xff, 0x9b, ..])                                                // 64:ff9b::/96 and 64:ff9b:1::/48
            return bytes[4] != 0 || bytes[5] != 0 || IsSpecial(new IPAddress(bytes[12..]));
        if (bytes is [0x20, 0x02, ..])                                                            // 6to4
            return IsSpecial(new IPAddress(bytes[2..6]));
        if (bytes is [0x20, 0x01, 0x00, 0x00, ..])                                                // Teredo: never a hub
            return true;
        return false;
    }
}
