using System.Net;
using System.Net.Http.Json;
using Keypace.Server.People.SignIn;
using Keypace.Server.Snapshots;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Tests.Server.Web;

/// <summary>Signing in and what a session's cookie may be used for, over real HTTP.</summary>
public sealed class SignInTests : IAsyncLifetime
{
    private const string Email = "ada@example.org";
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        _server = await RunningServer.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_right_password_opens_a_session_that_survives_a_restart_and_ends_when_one_signs_out()
    {
        using var answer = await SignInAsync(OwnerEmail(), TestFolder.Password);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var set = answer.Headers.GetValues("Set-Cookie").First();
        Assert.Contains("HttpOnly", set, StringComparison.Ordinal);
        Assert.Contains("SameSite=Strict", set, StringComparison.Ordinal);
        Assert.DoesNotContain("Secure", set, StringComparison.Ordinal);   // plain http on loopback
        var cookie = set.Split(';')[0];

        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v1/api-keys", cookie)).StatusCode);
        await _server.DisposeAsync();
        _server = await RunningServer.StartAsync(_folder);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v1/api-keys", cookie)).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Post, "/sign-out", null, ("Cookie", cookie), ("X-Keypace", "1"))).StatusCode);
        var after = await GetAsync("/v1/api-keys", cookie);
        Assert.Equal("session_ended", Code(after));
    }

    [Fact]
    public async Task Behind_a_proxy_that_ends_TLS_every_cookie_is_for_TLS_only()
    {
        await _server.DisposeAsync();
        _server = await RunningServer.StartAsync(_folder, publicUrl: "https://keys.example.test");
        using var signIn = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = JsonContent.Create(new { email = OwnerEmail(), password = TestFolder.Password }) };
        signIn.Headers.Host = "keys.example.test";
        signIn.Headers.Add("X-Keypace", "1");
        using var signedIn = await _server.Http.SendAsync(signIn, Ct);
        var session = signedIn.Headers.GetValues("Set-Cookie").First();
        Assert.StartsWith("__Host-", session, StringComparison.Ordinal);

        using var page = new HttpRequestMessage(HttpMethod.Get, "/settings");
        page.Headers.Host = "keys.example.test";
        page.Headers.Add("Cookie", session.Split(';')[0]);
        using var settings = await _server.Http.SendAsync(page, Ct);
        Assert.Equal(HttpStatusCode.OK, settings.StatusCode);
        Assert.All([.. signedIn.Headers.GetValues("Set-Cookie"), .. settings.Headers.GetValues("Set-Cookie")], cookie => Assert.Contains("; secure", cookie, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_store_keeps_no_cookie()
    {
        using var answer = await SignInAsync(OwnerEmail(), TestFolder.Password);
        var cookie = answer.Headers.GetValues("Set-Cookie").First().Split(';')[0].Split('=')[1];
        await _server.StopAsync();
        await using var opened = _folder.Open();
        using var db = opened.Store.Read();
        var row = await db.Sessions.SingleAsync(Ct);
        Assert.Equal(cookie.Split('_')[1], row.Id);
        Assert.True(opened.Vault.TokenMatches(cookie, row.Digest));
        Assert.DoesNotContain(cookie.Split('_')[2], await File.ReadAllTextAsync(_folder.Data.Store, Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_ends_by_itself_after_half_an_hour_without_use()
    {
        var cookie = await CookieAsync();
        _folder.Time.Advance(Session.Idle - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v1/hubs", cookie)).StatusCode);
        _folder.Time.Advance(Session.Idle - TimeSpan.FromSeconds(1));
        Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v1/hubs", cookie)).StatusCode);
        _folder.Time.Advance(Session.Idle);
        Assert.Equal("session_ended", Code(await GetAsync("/v1/hubs", cookie)));
    }

    [Fact]
    public async Task However_busy_it_is_a_session_ends_after_twelve_hours()
    {
        var cookie = await CookieAsync();
        for (var half = TimeSpan.Zero; half < Session.Longest - TimeSpan.FromMinutes(20); half += TimeSpan.FromMinutes(20))
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync("/v1/hubs", cookie)).StatusCode);
            _folder.Time.Advance(TimeSpan.FromMinutes(20));
        }

        _folder.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal("session_ended", Code(await GetAsync("/v1/hubs", cookie)));
    }

    [Fact]
    public async Task Ten_tries_lock_an_address_whether_or_not_anybody_has_it_but_not_a_browser_that_signed_in_before()
    {
        using var earlier = await SignInAsync(OwnerEmail(), TestFolder.Password);
        var known = earlier.Headers.GetValues("Set-Cookie").Last().Split(';')[0];
        Assert.StartsWith("kp_browser_", known, StringComparison.Ordinal);
        foreach (var email in new[] { OwnerEmail(), "nobody@example.test" })
        {
            for (var attempt = 0; attempt < SignInTries.MostForAddress; attempt++)
                Assert.Equal("sign_in_refused", Code(await SignInAsync(email, "a wrong but long password")));
            using var locked = await SignInAsync(email, TestFolder.Password);
            Assert.Equal("sign_in_locked", Code(locked));
            Assert.Equal(HttpStatusCode.TooManyRequests, locked.StatusCode);
            Assert.True(locked.Headers.RetryAfter!.Delta > TimeSpan.FromMinutes(14));
        }

        var body = $$"""{"email":"{{OwnerEmail()}}","password":"{{TestFolder.Password}}"}""";
        using (var owner = await SendAsync(HttpMethod.Post, "/sign-in", body, ("X-Keypace", "1"), ("Cookie", known)))
            Assert.Equal(HttpStatusCode.NoContent, owner.StatusCode);
        // Its own bound; and one that was made up is no such browser.
        var wrong = body.Replace(TestFolder.Password, "a wrong but long password", StringComparison.Ordinal);
        for (var attempt = 0; attempt < SignInTries.MostFromBrowser; attempt++)
            Assert.Equal("sign_in_refused", Code(await SendAsync(HttpMethod.Post, "/sign-in", wrong, ("X-Keypace", "1"), ("Cookie", known))));
        Assert.Equal("sign_in_locked", Code(await SendAsync(HttpMethod.Post, "/sign-in", body, ("X-Keypace", "1"), ("Cookie", known))));
        Assert.Equal("sign_in_locked", Code(await SendAsync(HttpMethod.Post, "/sign-in", body, ("X-Keypace", "1"), ("Cookie", known[..^1] + (known[^1] == '0' ? '1' : '0')))));

        _folder.Time.Advance(SignInTries.Within);
        Assert.Equal(HttpStatusCode.NoContent, (await SignInAsync(OwnerEmail(), TestFolder.Password)).StatusCode);
        var told = await AuditAsync();
        Assert.Contains("sign_in_refused", told, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody@example.test", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_tries_at_once_no_more_are_looked_at_than_the_lock_allows()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => SignInAsync(OwnerEmail(), "a wrong but long password")));
        Assert.Equal(SignInTries.MostForAddress, answers.Count(answer => Code(answer) == "sign_in_refused"));
        Assert.Equal(50, answers.Count(answer => Code(answer) == "sign_in_locked"));
        Assert.Equal("sign_in_locked", Code(await SignInAsync(OwnerEmail(), TestFolder.Password)));

        // One record at once, one for the rest a minute later.
        _folder.Time.Advance(TimeSpan.FromMinutes(2));
        string told;
        do
            told = await AuditAsync();
        while (told.Split("\"sign_in_refused\"").Length < 3);
        Assert.Equal(3, told.Split("\"sign_in_refused\"").Length);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("X-Keypace", "")]
    public async Task Another_site_can_use_the_cookie_for_nothing(string header, string value)
    {
        var cookie = await CookieAsync();
        foreach (var path in new[] { "/v1/api-keys", "/v1/chat/completions", "/v1/chat_complete", "/v1/models", "/keys/any/page", "/sign-out" })
        {
            var headers = new List<(string, string)> { ("Cookie", cookie), (header, value) };
            if (header != "X-Keypace")
                headers.Add(("X-Keypace", "1"));
            using var answer = await SendAsync(path == "/v1/models" ? HttpMethod.Get : HttpMethod.Post, path, "{}", [.. headers]);
            Assert.Equal("cross_site", Code(answer));
        }
    }

    [Fact]
    public async Task Cookie_and_token_together_are_refused()
    {
        using var answer = await SendAsync(HttpMethod.Get, "/v1/api-keys", null, ("Cookie", await CookieAsync()), ("X-Keypace", "1"), ("Authorization", "Bearer kpa_x"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("cookie_and_token", Code(answer));
    }

    [Fact]
    public async Task Pages_send_strangers_to_the_sign_in_and_members_through()
    {
        using (var stranger = await _server.Http.GetAsync("/not-found?q=a%20b", Ct))
        {
            Assert.Equal(HttpStatusCode.Found, stranger.StatusCode);
            Assert.Equal("/sign-in?return=%2Fnot-found%3Fq%3Da%2520b", stranger.Headers.Location!.OriginalString);
        }

        using var page = await GetAsync("/not-found", await CookieAsync());
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("script-src 'self';", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        using var unknown = await GetAsync("/nowhere", await CookieAsync());
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    [Fact]
    public async Task The_connection_of_pages_takes_our_own_origin_only()
    {
        var cookie = await CookieAsync();
        using (var foreign = await SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1", "", ("Cookie", cookie), ("Origin", "http://evil.example")))
            Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
        using (var stranger = await SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1", "", ("Origin", Own())))
            Assert.Equal(HttpStatusCode.Unauthorized, stranger.StatusCode);
        foreach (var method in new[] { "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD" })
        {
            foreach (var path in new[] { "/_blazor", "/_blazor/", "/_blazor?id=x", "/_BLAZOR", "/%5Fblazor/negotiate", "/_blazor/disconnect", "/_blazor/initializers" })
            {
                foreach (var origin in new[] { null, "null", "http://evil.example", Own() + ".evil.example", Own() + "/", $"{Own()}, {Own()}" })
                {
                    using var refused = await SendAsync(new HttpMethod(method), path, null, [("Cookie", cookie), .. origin is null ? [] : new[] { ("Origin", origin) }]);
                    Assert.True(HttpStatusCode.Forbidden == refused.StatusCode, $"{method} {path} {origin}: {refused.StatusCode}");
                }
            }
        }

        foreach (var path in new[] { "/_blazor?id=x", "/_blazor/?id=x", "/_BLAZOR?id=x" })
        {
            foreach (var method in new[] { "POST", "DELETE", "PUT", "PATCH" })
            {
                using var other = await SendAsync(new HttpMethod(method), path, "", ("Cookie", cookie), ("Origin", Own()));
                Assert.True(other.StatusCode is HttpStatusCode.MethodNotAllowed, $"{method} {path}: {other.StatusCode}");
            }
        }

        using var own = await SendAsync(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1", "", ("Cookie", cookie), ("Origin", Own()));
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        var offered = (await own.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Ct)).GetProperty("availableTransports");
        Assert.Equal("WebSockets", Assert.Single(offered.EnumerateArray()).GetProperty("transport").GetString());
    }

    [Fact]
    public async Task A_sign_in_link_works_once_and_does_no_more_than_who_made_it()
    {
        using var made = await SendAsync(HttpMethod.Post, "/v1/sign-in-links", "", ("Authorization", $"Bearer {await TokenAsync()}"));
        var url = (await made.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>(Ct)).GetProperty("url").GetString()!;
        var token = url.Split("token=")[1];
        for (var look = 0; look < 2; look++)
            Assert.Contains("signs you in, once", await _server.Http.GetStringAsync(new Uri(url).PathAndQuery, Ct), StringComparison.Ordinal);
        using var first = await SendAsync(HttpMethod.Post, "/sign-in/link", $$"""{"token":"{{token}}"}""", ("X-Keypace", "1"));
        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        using var again = await SendAsync(HttpMethod.Post, "/sign-in/link", $$"""{"token":"{{token}}"}""", ("X-Keypace", "1"));
        Assert.Equal("sign_in_link_refused", Code(again));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"email\":1}")]
    [InlineData("{\"email\":null,\"password\":null}")]
    public async Task What_no_page_sends_is_refused_and_breaks_nothing(string body)
    {
        using var answer = await SendAsync(HttpMethod.Post, "/sign-in", body, ("X-Keypace", "1"));
        Assert.InRange((int)answer.StatusCode, 400, 401);
    }

    private string Own() => _server.Address.GetLeftPart(UriPartial.Authority);

    private static string OwnerEmail() => Email;

    private static string Code(HttpResponseMessage answer) => answer.Headers.GetValues("x-keypace-error").Single();

    private async Task<string> TokenAsync() => (await File.ReadAllTextAsync(_folder.In("token"), Ct)).Trim();

    private async Task<string> CookieAsync()
    {
        using var answer = await SignInAsync(OwnerEmail(), TestFolder.Password);
        return answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }

    private async Task<string> AuditAsync()
    {
        using var audit = await SendAsync(HttpMethod.Get, "/v1/audit", null, ("Authorization", $"Bearer {await TokenAsync()}"));
        return await audit.Content.ReadAsStringAsync(Ct);
    }

    private Task<HttpResponseMessage> SignInAsync(string email, string password) =>
        SendAsync(HttpMethod.Post, "/sign-in", $$"""{"email":"{{email}}","password":"{{password}}"}""", ("X-Keypace", "1"));

    private Task<HttpResponseMessage> GetAsync(string path, string cookie) => SendAsync(HttpMethod.Get, path, null, ("Cookie", cookie), ("X-Keypace", "1"));

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        if (json is not null)
            request.Content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        return await _server.Http.SendAsync(request, Ct);
    }
}
