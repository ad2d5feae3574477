using System.Net;
using System.Text.Json;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Server.Web;

/// <summary>A session that a link opened has what the link's maker has, and ends with it.</summary>
public sealed class SessionOpenerTests : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private RunningServer _server = null!;
    private string _owner = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _folder.InitAsync(_folder.OwnerOptions);
        _owner = "Bearer " + (await File.ReadAllTextAsync(_folder.In("token"), Ct)).Trim();
        _server = await RunningServer.StartAsync(_folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_session_may_no_more_than_the_token_whose_link_opened_it()
    {
        var (_, token) = await TokenAsync("manager", "manage");
        var cookie = await EnterAsync(await LinkAsync(("Authorization", token)));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(cookie, HttpMethod.Get, "/v1/access-tokens")).Status);
        Assert.Equal("scope_missing", (await AskAsync(cookie, HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""")).Code);
        Assert.Equal("scope_missing", (await AskAsync(cookie, HttpMethod.Get, "/keys/any/v1/models")).Code);
        Assert.Equal("role_too_low", (await AskAsync(cookie, HttpMethod.Post, "/v1/access-tokens", """{"name":"more","scopes":["query"]}""")).Code);
        Assert.Equal("role_too_low", (await AskAsync(cookie, HttpMethod.Post, "/v1/access-tokens", """{"name":"more"}""")).Code);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(cookie, HttpMethod.Post, "/v1/access-tokens", """{"name":"same","scopes":["manage"]}""")).Status);
    }

    [Fact]
    public async Task What_the_token_loses_later_the_session_loses_too()
    {
        var (id, token) = await TokenAsync("both", "manage", "query");
        var cookie = await EnterAsync(await LinkAsync(("Authorization", token)));
        Assert.Equal("model_not_found", (await AskAsync(cookie, HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""")).Code);
        await OwnerAsync(HttpMethod.Put, $"/v1/access-tokens/{id}", """{"scopes":["manage"]}""");
        Assert.Equal("scope_missing", (await AskAsync(cookie, HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""")).Code);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_ends_with_the_token_and_stays_ended(bool byTime)
    {
        var (id, token) = await TokenAsync("short", "manage", "query");
        var cookie = await EnterAsync(await LinkAsync(("Authorization", token)));
        var unused = await LinkAsync(("Authorization", token));
        var child = await EnterAsync(await LinkAsync(("Cookie", cookie), ("X-Keypace", "1")));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(child, HttpMethod.Get, "/v1/hubs")).Status);
        if (byTime)
        {
            var soon = _folder.Time.GetUtcNow().ToUnixTimeSeconds() + 60;
            await OwnerAsync(HttpMethod.Put, $"/v1/access-tokens/{id}", $$"""{"expires_at":{{soon}}}""");
            _folder.Time.Advance(TimeSpan.FromSeconds(61));
        }
        else
        {
            await OwnerAsync(HttpMethod.Delete, $"/v1/access-tokens/{id}", null);
        }

        Assert.Equal("session_ended", (await AskAsync(cookie, HttpMethod.Get, "/v1/hubs")).Code);
        Assert.Equal("session_ended", (await AskAsync(child, HttpMethod.Get, "/v1/hubs")).Code);
        Assert.Equal("sign_in_link_refused", (await UseAsync(unused)).Headers.GetValues("x-keypace-error").Single());

        _folder.Time.Advance(TimeSpan.FromSeconds(1));   // the rows go with the next look
        if (byTime)
        {
            var later = _folder.Time.GetUtcNow().ToUnixTimeSeconds() + 6000;
            await OwnerAsync(HttpMethod.Put, $"/v1/access-tokens/{id}", $$"""{"expires_at":{{later}}}""");
        }

        await _server.DisposeAsync();
        _server = await RunningServer.StartAsync(_folder);
        Assert.Equal("session_ended", (await AskAsync(cookie, HttpMethod.Get, "/v1/hubs")).Code);
        Assert.Equal("session_ended", (await AskAsync(child, HttpMethod.Get, "/v1/hubs")).Code);
    }

    [Fact]
    public async Task A_session_that_another_one_opened_ends_when_that_one_signs_out()
    {
        var (_, token) = await TokenAsync("admin", "manage", "query");
        var first = await EnterAsync(await LinkAsync(("Authorization", token)));
        var second = await EnterAsync(await LinkAsync(("Cookie", first), ("X-Keypace", "1")));
        Assert.Equal(HttpStatusCode.NoContent, (await AskAsync(first, HttpMethod.Post, "/sign-out")).Status);
        Assert.Equal("session_ended", (await AskAsync(second, HttpMethod.Get, "/v1/hubs")).Code);
    }

    private async Task<(string Id, string Bearer)> TokenAsync(string name, params string[] scopes)
    {
        var made = await OwnerAsync(HttpMethod.Post, "/v1/access-tokens", JsonSerializer.Serialize(new { name, role = "admin", scopes }));
        return (made.GetProperty("id").GetString()!, "Bearer " + made.GetProperty("token").GetString());
    }

    private async Task<JsonElement> OwnerAsync(HttpMethod method, string path, string? json)
    {
        using var answer = await SendAsync(method, path, json, ("Authorization", _owner));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Ct));
    }

    private async Task<string> LinkAsync(params (string Name, string Value)[] headers)
    {
        using var made = await SendAsync(HttpMethod.Post, "/v1/sign-in-links", "", headers);
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        return JsonSerializer.Deserialize<JsonElement>(await made.Content.ReadAsStringAsync(Ct)).GetProperty("url").GetString()!.Split("token=")[1];
    }

    private Task<HttpResponseMessage> UseAsync(string link) => SendAsync(HttpMethod.Post, "/sign-in/link", $$"""{"token":"{{link}}"}""", ("X-Keypace", "1"));

    private async Task<string> EnterAsync(string link)
    {
        using var entered = await UseAsync(link);
        Assert.Equal(HttpStatusCode.NoContent, entered.StatusCode);
        return entered.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }

    private async Task<(HttpStatusCode Status, string? Code)> AskAsync(string cookie, HttpMethod method, string path, string? json = null)
    {
        using var answer = await SendAsync(method, path, json, ("Cookie", cookie), ("X-Keypace", "1"));
        return (answer.StatusCode, answer.Headers.TryGetValues("x-keypace-error", out var code) ? code.Single() : null);
    }

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
