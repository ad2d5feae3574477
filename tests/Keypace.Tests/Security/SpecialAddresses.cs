using System.Net;

namespace Keypace.Tests.Security;

/// <summary>Addresses that no key may lead to, written down apart from the code under test, and the ways to write them.</summary>
internal static class SpecialAddresses
{
    // IANA's special-purpose registries and multicast, written down apart from the code under test. First and last address of each.
    private static readonly (string First, string Last)[] _special4 =
    [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"), ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"), ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"),
        ("192.31.196.0", "192.31.196.255"), ("192.52.193.0", "192.52.193.255"), ("192.88.99.0", "192.88.99.255"), ("192.168.0.0", "192.168.255.255"),
        ("192.175.48.0", "192.175.48.255"), ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"), ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"), ("240.0.0.0", "255.255.255.255"), ("169.254.169.254", "169.254.169.254"), ("168.63.129.16", "168.63.129.16"),
    ];

    private static readonly string[] _special6 =
    [
        "::", "::1", "::2", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1", "2001:1::2", "2001:1::3", "2001:2::1", "2001:3::1", "2001:4:112::1",
        "2001:10::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::1", "2001:db8::1", "2002::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "8000::1", "e000::1", "200::1", "::ffff:0:8.8.8.8", "1::1",
    ];

    /// <summary>Hosts as they stand in a URL, with the address that each means.</summary>
    public static IEnumerable<(string Spelling, string Address)> Spellings() =>
        _special4.SelectMany(range => new[] { range.First, range.Last }).SelectMany(address => SpellingsOf(IPAddress.Parse(address).GetAddressBytes()).Select(spelling => (spelling, address)))
            .Concat(_special6.SelectMany(address => new[] { $"[{address}]", $"[{address.ToUpperInvariant()}]", $"[{Full(address)}]" }.Select(spelling => (spelling, address))));

    /// <summary>One to three of them, as a resolver answers.</summary>
    public static IPAddress[] Draw(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => IPAddress.Parse(random.Next(3) == 0 ? _special6[random.Next(_special6.Length)] : _special4[random.Next(_special4.Length)].Last))];

    /// <summary>An address that is none of them.</summary>
    public static IPAddress DrawPublic(Random random)
    {
        while (true)
        {
            var address = new IPAddress([(byte)random.Next(1, 224), (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)]);
            if (!_special4.Any(range => Compare(IPAddress.Parse(range.First), address) <= 0 && Compare(address, IPAddress.Parse(range.Last)) <= 0))
                return address;
        }
    }

    private static string Full(string address) => string.Join(':', IPAddress.Parse(address).GetAddressBytes().Chunk(2).Select(two => $"{two[0]:x2}{two[1]:x2}"));

    private static int Compare(IPAddress a, IPAddress b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes());

    private static IEnumerable<string> SpellingsOf(byte[] b)
    {
        var whole = ((uint)b[0] << 24) | ((uint)b[1] << 16) | ((uint)b[2] << 8) | b[3];
        yield return $"{b[0]}.{b[1]}.{b[2]}.{b[3]}";
        yield return $"{b[0]}.{b[1]}.{b[2]}.{b[3]}.";
        yield return $"{whole}";
        yield return $"0x{whole:x8}";
        yield return $"0{Convert.ToString(whole, 8)}";
        yield return $"0x{b[0]:x}.0x{b[1]:x}.0x{b[2]:x}.0x{b[3]:x}";
        yield return $"0{Convert.ToString(b[0], 8)}.0{Convert.ToString(b[1], 8)}.0{Convert.ToString(b[2], 8)}.0{Convert.ToString(b[3], 8)}";
        yield return $"{b[0]}.{whole & 0xffffff}";
        yield return $"{b[0]}.{b[1]}.{whole & 0xffff}";
        yield return $"{b[0]:000}.{b[1]:000}.{b[2]:000}.{b[3]:000}";
        yield return $"%{(int)$"{b[0]}"[0]:x2}{$"{b[0]}.{b[1]}.{b[2]}.{b[3]}"[1..]}";
        yield return string.Concat($"{b[0]}.{b[1]}.{b[2]}.{b[3]}".Select(letter => letter == '.' ? '\u3002' : (char)(letter - '0' + '\uFF10')));
        yield return $"[::ffff:{b[0]}.{b[1]}.{b[2]}.{b[3]}]";
        yield return $"[::FFFF:{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}]";
        yield return $"[0:0:0:0:0:ffff:{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}]";
        yield return $"[::{b[0]}.{b[1]}.{b[2]}.{b[3]}]";
        yield return $"[::ffff:0:{b[0]}.{b[1]}.{b[2]}.{b[3]}]";
        yield return $"[64:ff9b::{b[0]}.{b[1]}.{b[2]}.{b[3]}]";
        yield return $"[64:ff9b:1::{b[0]}.{b[1]}.{b[2]}.{b[3]}]";
        yield return $"[2002:{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}::1]";
        yield return $"[2001:0:4136:e378:8000:63bf:{255 - b[0]:x2}{255 - b[1]:x2}:{255 - b[2]:x2}{255 - b[3]:x2}]";
        yield return $"[2606:4700::5efe:{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}]";
        yield return $"[fe80::{b[0]:x2}{b[1]:x2}:{b[2]:x2}{b[3]:x2}%25lo]";
    }
}
