using System.Net;
using System.Net.WebSockets;

namespace Keypace.EndToEnd;

/// <summary>What a signed-in browser's cookie opens, and for whom: never a page that a hub or another site made.</summary>
public sealed class CookieTests : IAsyncLifetime
{
    private RunningKeypace _keypace = null!;
    private CheckingHub _hub = null!;
    private Api _stranger = null!;
    private string _cookie = "";
    private string _keyId = "";

    public async ValueTask InitializeAsync()
    {
        _hub = await CheckingHub.StartAsync(_ => new CheckingHub.Said(200, "text/html", "<script>document.title = 'ran'</script>"));
        _keypace = await RunningKeypace.StartAsync();
        _keyId = await _keypace.StoreKeyAsync(_hub.Address, Secrets.New(), "trap ä", null);
        _stranger = new Api(_keypace.Address, null);
        _cookie = await MemberCookie.OfOwnerAsync(_keypace);
    }

    public async ValueTask DisposeAsync()
    {
        _stranger.Dispose();
        await _keypace.DisposeAsync();
        await _hub.DisposeAsync();
    }

    [Fact]
    public async Task Without_our_scripts_header_the_cookie_opens_nothing_whatever_the_method()
    {
        (string Name, string Value)[][] browsers =
        [
            [],
            [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")],
            [("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "no-cors")],
            [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")],
            [("X-Keypace", "0"), ("Sec-Fetch-Site", "same-origin")],
        ];
        foreach (var browser in browsers)
        {
            foreach (var method in new[] { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH" })
            {
                foreach (var path in new[] { $"/keys/{_keyId}/page", "/keys/trap%20%C3%A4/v1/models", "/v1/models", "/v1/api-keys", "/v1/chat/completions" })
                {
                    var answer = await _stranger.SendAsync(new HttpMethod(method), path, null, [("Cookie", _cookie), .. browser]);
                    Assert.True((int)answer.Status is 400 or 403 or 404 or 405, $"{method} {path} {string.Join(',', browser)}: {answer.Status}");
                    Assert.True((int)answer.Status is 403 || !path.StartsWith("/keys", StringComparison.Ordinal), $"{method} {path}: {answer.Status}");
                }
            }
        }

        Assert.Empty(_hub.All);
        (await _stranger.GetAsync($"/keys/{_keyId}/v1/page", ("Cookie", _cookie), MemberCookie.OwnScript)).MustBe(200);
        Assert.Single(_hub.All);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Who_opens_an_address_below_a_key_gets_to_the_keys_page(string method)
    {
        (string, string)[] browser = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "none")];
        foreach (var (path, name) in new[]
        {
            ($"/keys/{_keyId}", _keyId), ($"/keys/{_keyId}/", _keyId), ("/keys/trap%20%C3%A4/page?x=//y", "trap%20%C3%A4"), ("/keys/TRAP%20%C3%84/v1/chat/completions", "TRAP%20%C3%84"),
        })
        {
            var member = await _stranger.SendAsync(new HttpMethod(method), path, null, [("Cookie", _cookie), .. browser]);
            Assert.Equal((303, $"/key/{_keyId}"), ((int)member.Status, member.Header("Location")));
            var stranger = await _stranger.SendAsync(new HttpMethod(method), path, null, browser);
            var back = $"/key?name={name}";
            Assert.Equal((303, $"/sign-in?return={Uri.EscapeDataString(back)}"), ((int)stranger.Status, stranger.Header("Location")));
            var after = await _stranger.SendAsync(new HttpMethod(method), back, null, [("Cookie", _cookie), .. browser]);
            Assert.Equal((303, $"/key/{_keyId}"), ((int)after.Status, after.Header("Location")));
        }

        // Whether there is such a key is nobody's business who is not signed in.
        foreach (var (path, name) in new[] { ("/keys/nobody/page", "nobody"), ("/keys/", ""), ("/keys//x", "") })
        {
            var stranger = await _stranger.SendAsync(new HttpMethod(method), path, null, browser);
            Assert.Equal((303, $"/sign-in?return={Uri.EscapeDataString($"/key?name={name}")}"), ((int)stranger.Status, stranger.Header("Location")));
            Assert.Equal(404, (int)(await _stranger.SendAsync(new HttpMethod(method), $"/key?name={name}", null, [("Cookie", _cookie), .. browser])).Status);
        }

        foreach (var path in new[] { "/keys/nobody/page", "/keys/", "/keys//x" })
        {
            var unknown = await _stranger.SendAsync(new HttpMethod(method), path, null, [("Cookie", _cookie), .. browser]);
            Assert.Equal(404, (int)unknown.Status);
            Assert.StartsWith("text/html", unknown.Header("Content-Type"), StringComparison.Ordinal);
        }

        var page = await _stranger.GetAsync("/keys", [("Cookie", _cookie), .. browser]);
        Assert.Equal(200, (int)page.Status);
        Assert.Empty(_hub.All);
        // A program may say what it likes about itself: it has a token.
        (await _keypace.Api.GetAsync($"/keys/{_keyId}/v1/page", browser[0])).MustBe(200);
    }

    [Fact]
    public async Task Only_our_own_origin_opens_a_pages_connection()
    {
        foreach (var origin in new[] { null, "null", "http://evil.example", $"https://{_keypace.Address.Authority}", $"http://{_keypace.Address.Authority}.evil.example", $"http://127.0.0.1:{_keypace.Address.Port + 1}" })
        {
            foreach (var path in new[] { "/_blazor", "/_BLAZOR", "/_blazor/", "/_blazor?id=abc" })
                Assert.Equal(HttpStatusCode.Forbidden, await OpenAsync(path, origin));
        }

        Assert.Equal(HttpStatusCode.SwitchingProtocols, await OpenAsync("/_blazor", _keypace.Address.GetLeftPart(UriPartial.Authority)));
    }

    private async Task<HttpStatusCode> OpenAsync(string path, string? origin)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        socket.Options.SetRequestHeader("Cookie", _cookie);
        if (origin is not null)
            socket.Options.SetRequestHeader("Origin", origin);
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{_keypace.Address.Authority}{path}"), TestContext.Current.CancellationToken);
        }
        catch (WebSocketException)
        {
            // Its status says why.
        }

        return socket.HttpStatusCode;
    }
}
