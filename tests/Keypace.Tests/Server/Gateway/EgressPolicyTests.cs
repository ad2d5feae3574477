using System.Net;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;

namespace Keypace.Tests.Server.Gateway;

public sealed class EgressPolicyTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("192.168.1.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:1::")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("::ffff:0:127.0.0.1")]
    [InlineData("2001:4:112::1")]
    [InlineData("2620:4f:8000::1")]
    [InlineData("2001:1::1")]
    [InlineData("2001:3::1")]
    [InlineData("2001:30::1")]
    [InlineData("100:0:0:1::1")]
    [InlineData("64:ff9b:1::808:808")]
    [InlineData("5f00::1")]
    [InlineData("4000::1")]
    [InlineData("2606:4700::5efe:7f00:1")]
    public void Special_address_is_refused(string address) => Assert.False(Policy(null).MayConnect(IPAddress.Parse(address), 443));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("64:ff9b::808:808")]
    public void Public_address_is_allowed(string address) => Assert.True(Policy(null).MayConnect(IPAddress.Parse(address), 443));

    [Fact]
    public void Listed_address_is_allowed_at_its_port_only()
    {
        var policy = Policy("127.0.0.1:9100, 10.2.0.0/16, [::1]:9100, [fd00::]/8");
        Assert.True(policy.MayConnect(IPAddress.Loopback, 9100));
        Assert.False(policy.MayConnect(IPAddress.Loopback, 9101));
        Assert.True(policy.MayConnect(IPAddress.Parse("10.2.3.4"), 1));
        Assert.False(policy.MayConnect(IPAddress.Parse("10.3.0.1"), 1));
        Assert.True(policy.MayConnect(IPAddress.IPv6Loopback, 9100));
        Assert.True(policy.MayConnect(IPAddress.Parse("fd12::1"), 1));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("example.com:443")]
    [InlineData("127.0.0.1:0")]
    [InlineData("127.0.0.1:70000")]
    [InlineData("10.0.0.0/33")]
    public void Setting_that_cannot_be_read_is_named(string list)
    {
        Assert.False(EgressPolicy.Parse(list).TryGet(out _, out var refusal));
        Assert.Contains(list, refusal!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://api.example.com/", false)]
    [InlineData("https://api.example.com/", true)]
    [InlineData("https://127.0.0.1/", false)]
    [InlineData("http://127.0.0.1:9100/v1", true)]
    [InlineData("http://localhost:9100/v1", true)]
    [InlineData("http://localhost:9101/v1", false)]
    [InlineData("https://[::1]/", false)]
    public void Address_is_judged_when_a_key_is_stored(string url, bool expected) =>
        Assert.Equal(expected, Policy("127.0.0.1:9100").MayStore(new Uri(url), out _));

    private static EgressPolicy Policy(string? list)
    {
        Assert.True(EgressPolicy.Parse(list).TryGet(out var policy, out _));
        return policy!;
    }
}
