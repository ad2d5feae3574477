using CsCheck;
using Keypace.Domain.Keys;

namespace Keypace.Tests.Domain.Keys;

public sealed class DestinationTests
{
    [Theory]
    [InlineData("https://api.openai.com/v1", "https://api.openai.com:443/v1/")]
    [InlineData("HTTPS://Api.OpenAI.com:443/v1/", "https://api.openai.com:443/v1/")]
    [InlineData("https://api.example.com", "https://api.example.com:443/")]
    [InlineData("http://127.0.0.1:9100/v1", "http://127.0.0.1:9100/v1/")]
    [InlineData("http://localhost", "http://localhost:80/")]
    [InlineData("https://[2001:DB8::1]/a", "https://[2001:db8::1]:443/a/")]
    [InlineData("https://[2001:db8:0:0:0:0:0:1]:8443", "https://[2001:db8::1]:8443/")]
    [InlineData("https://bücher.example/v1", "https://xn--bcher-kva.example:443/v1/")]
    [InlineData("https://my_host.internal/v1", "https://my_host.internal:443/v1/")]
    [InlineData("https://h.example/%7euser/%c3%a9", "https://h.example:443/~user/%C3%A9/")]
    [InlineData("https://h.example/v1.2/...x", "https://h.example:443/v1.2/...x/")]
    public void An_address_has_one_canonical_form(string address, string canonical) => Assert.Equal(canonical, Parse(address).Address);

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("api.openai.com/v1")]
    [InlineData("ftp://api.example.com")]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript://x")]
    [InlineData("https:/x")]
    [InlineData("https://")]
    [InlineData("https:///v1")]
    [InlineData("https://:443/v1")]
    [InlineData("https://user@host.example/")]
    [InlineData("https://user:secret@host.example/")]
    [InlineData("https://good.example\\@evil.example/")]
    [InlineData("https://host.example/?x=1")]
    [InlineData("https://host.example/#x")]
    [InlineData("https://host.example?x")]
    [InlineData("https://host.example/a/../b")]
    [InlineData("https://host.example/..")]
    [InlineData("https://host.example/./b")]
    [InlineData("https://host.example/%2e%2E/b")]
    [InlineData("https://host.example/.%2e/b")]
    [InlineData("https://host.example/..;x/b")]
    [InlineData("https://host.example/a%2fb")]
    [InlineData("https://host.example/a%5cb")]
    [InlineData("https://host.example/a%00b")]
    [InlineData("https://host.example/a%zz")]
    [InlineData("https://host.example/a%4")]
    [InlineData("https://host.example//v1")]
    [InlineData("https://host.example/v1//")]
    [InlineData("https://host.example/a b")]
    [InlineData("https://host.example/a\nb")]
    [InlineData("https://host.example/é")]
    [InlineData(" https://host.example/")]
    [InlineData("https://host.example:0/")]
    [InlineData("https://host.example:65536/")]
    [InlineData("https://host.example:/")]
    [InlineData("https://host.example:+80/")]
    [InlineData("https://host.example:80:80/")]
    [InlineData("https://host.example./")]
    [InlineData("https://host..example/")]
    [InlineData("https://-host.example/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.0.0.1/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://0177.0.0.1/")]
    [InlineData("https://１２７.1/")]
    [InlineData("https://1.2.3.4.5/")]
    [InlineData("https://[::1/")]
    [InlineData("https://[fe80::1%25eth0]/")]
    [InlineData("https://[1.2.3.4]/")]
    [InlineData("https://::1/")]
    [InlineData("https://host,other.example/")]
    [InlineData("https://{host}/")]
    public void What_could_be_read_as_another_place_is_refused(string? address)
    {
        Assert.False(Destination.Parse(address).TryGet(out _, out var refusal));
        Assert.Equal("bad_url", refusal.Code);
        Assert.Equal(["body", "url"], refusal.Fields![0].Path);
    }

    [Fact]
    public void Fullwidth_digits_are_the_address_that_they_look_like() =>
        Assert.Equal("127.0.0.1", Parse("https://１２７．０．０．１/").Host);

    [Fact]
    public void Plain_http_is_told_apart()
    {
        Assert.True(Parse("http://127.0.0.1:9100").IsPlainHttp);
        Assert.False(Parse("https://127.0.0.1:9100").IsPlainHttp);
    }

    [Theory]
    [InlineData("https://h.example/v1", "https://H.example:443/v1/", true)]
    [InlineData("https://h.example/v1", "https://h.example/v1/chat", true)]
    [InlineData("https://h.example/", "https://h.example/anything", true)]
    [InlineData("https://h.example/v1", "https://h.example/v10", false)]
    [InlineData("https://h.example/v1", "https://h.example/", false)]
    [InlineData("https://h.example/v1", "http://h.example/v1", false)]
    [InlineData("https://h.example/v1", "https://h.example:444/v1", false)]
    [InlineData("https://h.example/v1", "https://h.example.evil.example/v1", false)]
    [InlineData("https://h.example/v1", "https://h.example/V1", false)]
    public void A_destination_covers_what_lies_under_it(string key, string wanted, bool covers) =>
        Assert.Equal(covers, Parse(key).Covers(Parse(wanted)));

    [Theory]
    [InlineData("https://h.example/v1", "chat/completions", "/v1/chat/completions")]
    [InlineData("https://h.example/v1", "/chat/completions", "/v1/chat/completions")]
    [InlineData("https://h.example/v1", "v1/chat/completions", "/v1/chat/completions")]
    [InlineData("https://h.example/v1", "/v1/chat/completions?a=b&c=../d", "/v1/chat/completions?a=b&c=../d")]
    [InlineData("https://h.example/v1", "v1", "/v1/")]
    [InlineData("https://h.example/v1", "v1?x", "/v1/?x")]
    [InlineData("https://h.example/v1", "v10/x", "/v1/v10/x")]
    [InlineData("https://h.example/v1", "", "/v1/")]
    [InlineData("https://h.example", "models", "/models")]
    [InlineData("https://h.example", "", "/")]
    [InlineData("https://h.example", "?x=1", "/?x=1")]
    [InlineData("https://h.example/v1", "models/org%2Fmodel", "/v1/models/org%2Fmodel")]
    [InlineData("https://h.example/v1", "//evil.example/x", "/v1//evil.example/x")]
    [InlineData("https://h.example/v1", "https://evil.example/x", "/v1/https://evil.example/x")]
    [InlineData("https://h.example/v1", "models/gemini:generateContent", "/v1/models/gemini:generateContent")]
    [InlineData("https://h.example/v1", "a..b/.hidden", "/v1/a..b/.hidden")]
    public void A_path_is_put_under_the_prefix(string key, string path, string target)
    {
        Assert.True(Parse(key).TryExtend(path, out var actual));
        Assert.Equal(target, actual);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("v1/../x")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("%2e%2e/x")]
    [InlineData("a/%2E./x")]
    [InlineData("..%2fx")]
    [InlineData("..%5Cx")]
    [InlineData("%252e%252e/x")]
    [InlineData("%25252525252e%252e/x")]
    [InlineData("..;a=b/x")]
    [InlineData("..\\x")]
    [InlineData("a\\..\\x")]
    [InlineData("a#b")]
    [InlineData("a b")]
    [InlineData("a\r\nHost: evil")]
    [InlineData("a%0d%0ab")]
    [InlineData("é")]
    public void A_path_that_could_lead_out_is_refused(string path) => Assert.False(Parse("https://h.example/v1").TryExtend(path, out _));

    [Fact]
    public void Canonical_forms_stay_what_they_are() =>
        Gen.String[Gen.Char["aZ09-_.:/@%?#[]~é\\;2eEfF "], 0, 30].Sample(tail =>
        {
            foreach (var address in new[] { "https://" + tail, "http://h.example/" + tail, "https://" + tail + ".example/v1" })
            {
                if (!Destination.Parse(address).TryGet(out var destination, out _))
                    continue;
                Assert.True(Destination.Parse(destination.Address).TryGet(out var again, out _), destination.Address);
                Assert.Equal(destination.Address, again.Address);

                // What we read and what the platform's own reader would connect to are the same place.
                var uri = new Uri(destination.Address);
                Assert.Equal(destination.Host, uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost);
                Assert.Equal(destination.Port, uri.Port);
                Assert.Equal(destination.Prefix, uri.AbsolutePath);
            }
        }, iter: 50_000);

    [Fact]
    public void No_path_leads_out_of_the_prefix()
    {
        var destination = Parse("https://h.example/a/v1");
        Gen.String[Gen.Char["av1/./%2e25fF5cC\\;?&x"], 0, 20].Sample(path =>
        {
            if (!destination.TryExtend(path, out var target))
                return;
            Assert.StartsWith("/a/v1/", target, StringComparison.Ordinal);

            // Whatever a reader makes of it, decoded as often as it likes, it stays inside.
            var decoded = target.Split('?')[0];
            for (var round = 0; round < 8; round++)
            {
                Assert.StartsWith("/a/v1/", new Uri("https://h.example" + decoded.Replace('\\', '/')).AbsolutePath, StringComparison.Ordinal);
                decoded = Uri.UnescapeDataString(decoded);
            }
        }, iter: 100_000);
    }

    [Fact]
    public void A_long_path_of_nested_encodings_costs_no_time()
    {
        var path = "x%" + string.Concat(Enumerable.Repeat("25", 16_000)) + "2e";
        Assert.False(Parse("https://h.example/v1").TryExtend(path, out _));
    }

    private static Destination Parse(string address) =>
        Destination.Parse(address).TryGet(out var destination, out var refusal) ? destination : throw new InvalidOperationException(refusal.Detail);
}
