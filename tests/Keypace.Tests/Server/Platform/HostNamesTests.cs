using Keypace.Server.Platform;
using Keypace.Server.Platform.Settings;

namespace Keypace.Tests.Server.Platform;

public sealed class HostNamesTests
{
    [Theory]
    [InlineData("127.0.0.1:5397", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("localhost:80", true)]
    [InlineData("LocalHost", true)]
    [InlineData("[::1]:5397", true)]
    [InlineData("127.9.9.9", true)]
    [InlineData("keys.example.org", true)]
    [InlineData("KEYS.example.org:443", true)]
    [InlineData("10.0.0.5:5397", true)]
    [InlineData("10.0.0.6:5397", false)]
    [InlineData("evil.example", false)]
    [InlineData("localhost.evil.example", false)]
    [InlineData("127.0.0.1.evil.example", false)]
    [InlineData("[::1", false)]
    [InlineData("[::1]x", false)]
    [InlineData("", false)]
    [InlineData("localhost:", false)]
    [InlineData("localhost:0", false)]
    [InlineData("localhost:65535", true)]
    [InlineData("localhost:65536", false)]
    [InlineData("localhost:99999", false)]
    [InlineData("localhost:-1", false)]
    [InlineData("localhost:+80", false)]
    [InlineData("localhost: 80", false)]
    [InlineData("localhost:80:80", false)]
    [InlineData("localhost:8o", false)]
    [InlineData("[::1]:", false)]
    [InlineData("[::1]:99999", false)]
    [InlineData("[]:80", false)]
    [InlineData(":80", false)]
    [InlineData("user@localhost", false)]
    [InlineData("keys.example.org:443/x", false)]
    public void Only_names_of_ours_are_known(string host, bool known) =>
        Assert.Equal(known, Names("http://127.0.0.1:5397,http://10.0.0.5:5397").Knows(host));

    [Theory]
    [InlineData("10.0.0.6:5397", true)]
    [InlineData("[fd00::1]:5397", true)]
    [InlineData("evil.example", false)]
    public void Listening_everywhere_any_literal_address_is_known(string host, bool known) => Assert.Equal(known, Names("http://*:5397").Knows(host));

    private static HostNames Names(string urls) =>
        ListenAddress.ParseAll(urls.Split(',')).TryGet(out var addresses, out _) ? new HostNames(addresses, "https://keys.example.org/") : throw new InvalidOperationException();
}
