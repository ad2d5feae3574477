using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Requests that are wrong below JSON: too large, broken off, without a valid token.</summary>
public sealed class BadConnectionTests(SharedKeypace keypace)
{
    private Uri Address => keypace.Running.Address;

    private string Authorization => $"Authorization: Bearer {keypace.Running.Folder.Token}\r\n";

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/api-keys")]
    public async Task A_body_of_100_MB_is_refused_without_being_read(string path)
    {
        var text = await RawHttp.SendAsync(
            Address, $"POST {path} HTTP/1.1\r\n{Authorization}Content-Type: application/json\r\nContent-Length: 100000000\r\n", "{\"model\":\"m\",");

        Assert.StartsWith("HTTP/1.1 413", text, StringComparison.Ordinal);
        Assert.Contains("request_id", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/chat/completions", "zz\r\n{}\r\n0\r\n\r\n")]
    [InlineData("/v1/chat/completions", "5\r\n{\"a\":1}\r\n0\r\n\r\n")]
    [InlineData("/v1/chat/completions", "ffffffffff\r\n{}\r\n")]
    [InlineData("/v1/api-keys", "ffffffffffffffffff\r\n{}\r\n")]
    public async Task A_broken_chunked_body_is_a_400(string path, string body)
    {
        var status = await RawHttp.StatusAsync(
            Address, $"POST {path} HTTP/1.1\r\n{Authorization}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", body);

        Assert.Equal(400, status);
    }

    [Theory]
    [InlineData("/v1/api-keys/%00")]
    [InlineData("v1/api-keys")]
    public async Task A_path_that_is_none_is_a_400(string path) =>
        Assert.Equal(400, await RawHttp.StatusAsync(Address, $"GET {path} HTTP/1.1\r\n{Authorization}"));

    [Fact]
    public async Task Two_lengths_are_a_400()
    {
        var status = await RawHttp.StatusAsync(
            Address, $"POST /v1/api-keys HTTP/1.1\r\n{Authorization}Content-Length: 2\r\nContent-Length: 5\r\n", "{}xxx");

        Assert.Equal(400, status);
    }

    [Fact]
    public async Task Headers_beyond_the_limit_are_refused()
    {
        var status = await RawHttp.StatusAsync(Address, $"GET /v1/api-keys HTTP/1.1\r\n{Authorization}X-Long: {new string('x', 70_000)}\r\n");

        Assert.InRange(status, 400, 431);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("kpa_000000000000_0000000000000000000000000000000000000000000000000")]
    public async Task Without_a_valid_token_everything_is_a_401(string? token)
    {
        using var stranger = new Api(Address, null);
        (string, string)[] headers = token is null ? [] : [("Authorization", $"Bearer {token}")];

        (await stranger.GetAsync("/v1/api-keys", headers)).MustRefuse(401);
        (await stranger.GetAsync("/v1/users/me", headers)).MustRefuse(401);
        (await stranger.PostAsync("/v1/chat/completions", Api.Chat("m"), headers)).MustRefuseQuery(401);
        (await stranger.PostAsync("/keys/any/v1/chat/completions", Api.Chat("m"), headers)).MustRefuseQuery(401);
        Assert.NotNull((await stranger.GetAsync("/v1/hubs", headers)).MustRefuse(401).Header("WWW-Authenticate"));
    }

    [Fact]
    public async Task A_token_in_the_address_is_not_taken()
    {
        using var stranger = new Api(Address, null);
        var token = keypace.Running.Folder.Token;

        foreach (var name in new[] { "token", "access_token", "api_key", "key" })
            (await stranger.GetAsync($"/v1/api-keys?{name}={token}")).MustRefuse((await stranger.GetAsync($"/v1/api-keys?{name}={token}")).Status == System.Net.HttpStatusCode.BadRequest ? 400 : 401);

        Secrets.MustBeAbsent(keypace.Running.Output, token, "the log");
    }

    [Fact]
    public async Task A_revoked_token_is_refused_at_once()
    {
        var made = (await keypace.Api.PostAsync("/v1/access-tokens", new { name = "revoked", role = "member" })).MustBe(200);
        using var holder = new Api(Address, made["token"].GetString());
        (await holder.GetAsync("/v1/users/me")).MustBe(200);

        (await keypace.Api.DeleteAsync($"/v1/access-tokens/{made["id"].GetString()}")).MustBe(200);

        (await holder.GetAsync("/v1/users/me")).MustRefuse(401);
        (await holder.ChatAsync("any")).MustRefuseQuery(401);
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        var soon = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 2;
        var made = (await keypace.Api.PostAsync("/v1/access-tokens", new { name = "expired", role = "member", expires_at = soon })).MustBe(200);
        using var holder = new Api(Address, made["token"].GetString());

        await Until.TrueAsync(async () => (int)(await holder.GetAsync("/v1/users/me")).Status == 401, "the token runs out");
    }

    [Fact]
    public async Task A_token_does_what_its_scope_role_and_binding_allow_and_no_more()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "bound");
        await keypace.StoreKeyAsync(hub, "out of reach");
        using var queryOnly = await HolderAsync(new { name = "query only", role = "member", scopes = new[] { "query" } });
        using var manageOnly = await HolderAsync(new { name = "manage only", role = "admin", scopes = new[] { "manage" } });
        using var viewer = await HolderAsync(new { name = "viewer", role = "viewer", scopes = new[] { "manage" } });
        using var bound = await HolderAsync(new { name = "bound", role = "member", api_keys = new[] { id } });

        (await queryOnly.ChatAsync("bound")).MustBe(200);
        (await queryOnly.GetAsync("/v1/api-keys")).MustRefuse(403);
        (await manageOnly.ChatAsync("bound")).MustRefuseQuery(403);
        (await manageOnly.GetAsync("/v1/api-keys")).MustBe(200);
        (await viewer.GetAsync("/v1/api-keys")).MustBe(200);
        (await viewer.PutAsync($"/v1/api-keys/{id}", new { name = "viewed" })).MustRefuse(403);
        (await viewer.DeleteAsync($"/v1/api-keys/{id}")).MustRefuse(403);
        (await bound.ChatAsync("bound")).MustBe(200);
        Assert.InRange((int)(await bound.ChatAsync("out of reach")).Status, 403, 404);
        Assert.Equal("bound", Assert.Single((await bound.GetAsync("/v1/api-keys")).MustBe(200).Json.EnumerateArray()).GetProperty("name").GetString());

        async Task<Api> HolderAsync(object token) =>
            new(Address, (await keypace.Api.PostAsync("/v1/access-tokens", token)).MustBe(200)["token"].GetString());
    }
}
