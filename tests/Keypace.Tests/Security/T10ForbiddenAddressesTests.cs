using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Snapshots;
using Keypace.Tests.Server.Pacing;

namespace Keypace.Tests.Security;

/// <summary>Requests forged from inside (SSRF): however an address is spelled, and whatever a name resolves to at which moment, none that is special is dialled.</summary>
public sealed class T10ForbiddenAddressesTests
{
    // IANA's special-purpose registries and multicast, written down apart from the code under test. First and last address of each.
    private static readonly (string First, string Last)[] Special4 =
    [
        ("0.0.0.0", "0.255.255.255"), ("10.0.0.0", "10.255.255.255"), ("100.64.0.0", "100.127.255.255"), ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"), ("172.16.0.0", "172.31.255.255"), ("192.0.0.0", "192.0.0.255"), ("192.0.2.0", "192.0.2.255"),
        ("192.31.196.0", "192.31.196.255"), ("192.52.193.0", "192.52.193.255"), ("192.88.99.0", "192.88.99.255"), ("192.168.0.0", "192.168.255.255"),
        ("192.175.48.0", "192.175.48.255"), ("198.18.0.0", "198.19.255.255"), ("198.51.100.0", "198.51.100.255"), ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"), ("240.0.0.0", "255.255.255.255"), ("169.254.169.254", "169.254.169.254"), ("168.63.129.16", "168.63.129.16"),
    ];

    private static readonly string[] Special6 =
    [
        "::", "::1", "::2", "64:ff9b:1::1", "100::1", "100:0:0:1::1", "2001::1", "2001:1::1", "2001:1::2", "2001:1::3", "2001:2::1", "2001:3::1", "2001:4:112::1",
        "2001:10::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::1", "2001:db8::1", "2002::1", "2002:808:808::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "8000::1", "e000::1", "200::1", "::ffff:0:8.8.8.8", "1::1",
    ];

    private static readonly string[] Public6 = ["2606:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2400:cb00::1", "2c0f:f248::1", "2620:fe::fe", "2803:f800::1", "64:ff9b::808:808"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void No_spelling_of_a_special_address_may_be_dialled_and_no_public_one_is_refused()
    {
        var threat = new Threat("T10", "special addresses by spelling");
        var policy = Policy();
        foreach (var (first, last) in Special4)
        {
            foreach (var address in new[] { first, last })
            {
                var bytes = IPAddress.Parse(address).GetAddressBytes();
                foreach (var spelling in SpellingsOf(bytes))
                    threat.Check(IsRefused(policy, spelling), () => $"{spelling} ({address}) may be dialled");
            }
        }

        foreach (var address in Special6)
        {
            var full = string.Join(':', IPAddress.Parse(address).GetAddressBytes().Chunk(2).Select(two => $"{two[0]:x2}{two[1]:x2}"));
            foreach (var spelling in new[] { $"[{address}]", $"[{address.ToUpperInvariant()}]", $"[{full}]" })
                threat.Check(IsRefused(policy, spelling), () => $"{spelling} may be dialled");
        }

        var random = new Random(threat.Seed);
        for (var tried = 0; tried < 200;)
        {
            var address = new IPAddress([(byte)random.Next(1, 224), (byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)]);
            if (Special4.Any(range => Compare(IPAddress.Parse(range.First), address) <= 0 && Compare(address, IPAddress.Parse(range.Last)) <= 0))
                continue;
            tried++;
            threat.Check(policy.MayConnect(address, 443) && policy.MayConnect(address.MapToIPv6(), 443), () => $"{address} is public and refused");
        }

        foreach (var address in Public6)
            threat.Check(policy.MayConnect(IPAddress.Parse(address), 443), () => $"{address} is public and refused");
        threat.Done();
    }

    [Fact]
    public async Task A_name_that_changes_its_mind_is_dialled_at_what_was_checked()
    {
        var threat = new Threat("T10", "names that rebind");
        var random = new Random(threat.Seed);
        var dialled = new List<IPAddress>();
        var isFirst = true;
        var pacing = new PacingOptions();
        var groups = new RateGroups(pacing, TimeProvider.System, new OpenLedger());
        using var guards = new HubGuards(pacing, new KeySnapshots(groups), groups, TimeProvider.System);
        using var lines = new HubLines(Policy(), new GatewayOptions(), guards, TimeProvider.System)
        {
            // The resolver of an attacker with a time to live of 0: public at the first question, anything afterwards.
            Resolve = (_, _) => Task.FromResult(isFirst && !(isFirst = false) ? [IPAddress.Parse("93.184.215.14")] : Drawn(random)),
            Dial = (_, allowed, _, _) =>
            {
                dialled.AddRange(allowed);
                throw new SocketException((int)SocketError.ConnectionRefused);
            },
        };
        for (var trial = 0; trial < Threat.Cases(50, 1_000); trial++)
        {
            dialled.Clear();
            isFirst = true;
            using var way = lines.OpenUnpaced();
            for (var ask = 0; ask < 2; ask++)
            {
                try
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, "https://rebind.example.test/") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "x") } };
                    (await way.SendAsync(request, Ct)).Dispose();
                }
                catch (HttpRequestException)
                {
                    // Nothing is behind it.
                }
            }

            threat.Check(dialled.Count > 0 && dialled.All(EgressPolicy.IsPublic), () => $"dialled {string.Join(", ", dialled)}");
        }

        threat.Done();
    }

    private static IPAddress[] Drawn(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => IPAddress.Parse(random.Next(3) == 0 ? Special6[random.Next(Special6.Length)] : Special4[random.Next(Special4.Length)].Last))];

    private static bool IsRefused(EgressPolicy policy, string host)
    {
        if (!Destination.Parse($"https://{host}/v1").TryGet(out var destination, out _))
            return true;
        // As HubLines does: a literal is taken as it is, anything else is asked of the resolver, which is judged in the other test.
        return !IPAddress.TryParse(destination.Host.Trim('[', ']'), out var address) || !policy.MayConnect(address, 443) && !policy.MayStore(new Uri(destination.Address), out _);
    }

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

    private static int Compare(IPAddress a, IPAddress b) => a.GetAddressBytes().AsSpan().SequenceCompareTo(b.GetAddressBytes());

    private static EgressPolicy Policy()
    {
        Assert.True(EgressPolicy.Parse(null).TryGet(out var policy, out _));
        return policy!;
    }
}
