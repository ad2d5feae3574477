using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Snapshots;
using Keypace.Tests.Server.Pacing;

namespace Keypace.Tests.Security;

/// <summary>Requests forged from inside (SSRF): however an address is spelled, and whatever a name resolves to at which moment, none that is special is dialled.</summary>
public sealed class T10ForbiddenAddressesTests
{
    private static readonly string[] Public6 = ["2606:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001::1", "2400:cb00::1", "2c0f:f248::1", "2620:fe::fe", "2803:f800::1", "64:ff9b::808:808"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void No_spelling_of_a_special_address_may_be_dialled_and_no_public_one_is_refused()
    {
        var threat = new Threat("T10", "special addresses by spelling");
        var policy = Policy();
        foreach (var (spelling, address) in SpecialAddresses.Spellings())
            threat.Check(IsRefused(policy, spelling), () => $"{spelling} ({address}) may be dialled");

        var random = new Random(threat.Seed);
        for (var tried = 0; tried < 200; tried++)
        {
            var address = SpecialAddresses.DrawPublic(random);
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
            Resolve = (_, _) => Task.FromResult(isFirst && !(isFirst = false) ? [IPAddress.Parse("93.184.215.14")] : SpecialAddresses.Draw(random)),
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

    private static bool IsRefused(EgressPolicy policy, string host)
    {
        if (!Destination.Parse($"https://{host}/v1").TryGet(out var destination, out _))
            return true;
        // As HubLines does: a literal is taken as it is, anything else is asked of the resolver, which is judged in the other test.
        return !IPAddress.TryParse(destination.Host.Trim('[', ']'), out var address) || !policy.MayConnect(address, 443) && !policy.MayStore(new Uri(destination.Address), out _);
    }

    private static EgressPolicy Policy()
    {
        Assert.True(EgressPolicy.Parse(null).TryGet(out var policy, out _));
        return policy!;
    }
}
