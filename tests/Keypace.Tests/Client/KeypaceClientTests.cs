using Keypace.Client;
using Keypace.Contracts;

namespace Keypace.Tests.Client;

public sealed class KeypaceClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("http://h:1", "http://h:1/")]
    [InlineData("http://h:1/v1", "http://h:1/")]
    [InlineData("http://h:1/v1/", "http://h:1/")]
    [InlineData("https://h/keypace/v1", "https://h/keypace/")]
    [InlineData("https://h/keypace", "https://h/keypace/")]
    [InlineData("http://[::1]:5397/v1", "http://[::1]:5397/")]
    public void A_base_address_may_end_in_v1_or_not(string typed, string meant)
    {
        using var keypace = new KeypaceClient(new Uri(typed), Wires.Token);
        Assert.Equal(meant, keypace.BaseAddress.ToString());
    }

    [Theory]
    [InlineData("ftp://h/")]
    [InlineData("http://user:sk-test-not-a-real-key-0001@h/")]
    [InlineData("http://h/?token=sk-test-not-a-real-key-0001")]
    [InlineData("http://h/#sk-test-not-a-real-key-0001")]
    public void A_base_address_with_more_than_an_address_is_refused_without_repeating_it(string typed)
    {
        var refused = Assert.Throws<ArgumentException>(() => new KeypaceClient(new Uri(typed), null));
        Assert.DoesNotContain(Wires.Secret, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5397", false)]
    [InlineData("http://keys.example.org", false)]
    [InlineData("https://localhost", false)]
    [InlineData("https://keys.example.org", true)]
    public void A_proxy_of_the_environment_is_used_only_behind_tls(string server, bool expected)
    {
        using var handler = KeypaceClient.Handler(new Uri(server));
        Assert.Equal(expected, handler.UseProxy);
    }

    [Fact]
    public void An_http_client_without_an_address_is_refused()
    {
        using var http = new HttpClient();
        Assert.Throws<ArgumentException>(() => new KeypaceClient(http, Wires.Token));
    }

    [Fact]
    public async Task A_key_is_found_by_id_and_by_name_without_regard_to_case_and_form()
    {
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/api-keys", Wires.Keys(Wires.Key, Wires.Key.Replace("openai-main", "Caf\\u00e9", StringComparison.Ordinal).Replace("0001\",\"name", "0002\",\"name", StringComparison.Ordinal)));
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        Assert.Equal("openai-main", (await keypace.ApiKeys.FindAsync(Wires.KeyId, Ct))?.Name);
        Assert.Equal("openai-main", (await keypace.ApiKeys.FindAsync("OpenAI-Main", Ct))?.Name);
        Assert.Equal("Café", (await keypace.ApiKeys.FindAsync("cafe\u0301", Ct))?.Name);
        Assert.Null(await keypace.ApiKeys.FindAsync("nothing", Ct));
        Assert.All(server.Asked, asked => Assert.Equal("Bearer " + Wires.Token, asked.Authorization));
    }

    [Fact]
    public async Task What_is_absent_is_not_sent()
    {
        await using var server = (await AnswerServer.StartAsync()).On("POST /v1/api-keys", Wires.Key).On($"PUT /v1/api-keys/{Wires.KeyId}", Wires.Key);
        using var keypace = new KeypaceClient(new Uri(server.Address, "/v1"), Wires.Token);

        await keypace.ApiKeys.CreateAsync(new NewApiKey("openai-main", "openai", Wires.Secret), Ct);
        await keypace.ApiKeys.RenameAsync(Wires.KeyId, "other", Ct);
        await keypace.ApiKeys.DisableAsync(Wires.KeyId, Ct);

        Assert.Equal(
            ["""{"name":"openai-main","hub":"openai","value":"sk-test-not-a-real-key-0001"}""", """{"name":"other"}""", """{"status":"disabled"}"""],
            server.Asked.Select(asked => asked.Body));
    }

    [Fact]
    public async Task An_id_cannot_climb_to_another_route()
    {
        await using var server = await AnswerServer.StartAsync();
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        await Assert.ThrowsAsync<ArgumentException>(() => keypace.ApiKeys.GetAsync("..", Ct));
        await Assert.ThrowsAsync<KeypaceException>(() => keypace.ApiKeys.GetAsync("../agents?x=1", Ct));

        Assert.Equal("/v1/api-keys/..%2Fagents%3Fx=1", Assert.Single(server.Asked).Path);
    }

    [Fact]
    public async Task All_pages_of_agents_come_as_one_list_without_doubles()
    {
        var two = Wires.AgentOne.Replace("\"a1\"", "\"a2\"", StringComparison.Ordinal);
        await using var server = (await AnswerServer.StartAsync()).On("GET /v1/agent-configurations", asked => new Answer(
            200,
            "application/json",
            asked.Query.Contains("offset=0", StringComparison.Ordinal) ? Wires.AgentPage(3, 0, Wires.AgentOne, two) : Wires.AgentPage(3, 2, two),
            []));
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        var agents = await keypace.Agents.ListAsync(["active"], Ct);

        Assert.Equal(["a1", "a2"], agents.Select(agent => agent.Id));
        Assert.Equal(["?statuses=active&limit=200&offset=0", "?statuses=active&limit=200&offset=2"], server.Asked.Select(asked => asked.Query));
    }

    [Fact]
    public async Task Every_noun_asks_its_own_route()
    {
        await using var server = (await AnswerServer.StartAsync())
            .On("GET /v1/hubs", Wires.Hubs)
            .On("GET /v1/access-tokens", $"[{Wires.AccessToken}]")
            .On("DELETE /v1/access-tokens/7Qm3xT9bLw2K", "{}")
            .On("GET /v1/usage", """{"by":"model","since":1,"until":2,"results":[]}""")
            .On("GET /v1/audit", """{"results":[],"after":null}""")
            .On("GET /v1/settings", "[]")
            .On("PUT /v1/settings", """[{"name":"Pacing:GuardMs","value":"120","source":"team","description":"x"}]""")
            .On("GET /healthz", "ok", 200, "text/plain")
            .On("GET /readyz", "not ready", 503, "text/plain");
        using var keypace = new KeypaceClient(server.Address, Wires.Token);

        Assert.Equal(3, (await keypace.Hubs.ListAsync(Ct)).Count);
        Assert.Equal("notebook", Assert.Single(await keypace.AccessTokens.ListAsync(Ct)).Name);
        await keypace.AccessTokens.RevokeAsync("7Qm3xT9bLw2K", Ct);
        Assert.Equal("model", (await keypace.Usage.GetAsync("model", DateTimeOffset.UnixEpoch.AddSeconds(1), DateTimeOffset.UnixEpoch.AddSeconds(2), Ct)).By);
        Assert.Null((await keypace.Audit.ListAsync(10, 5, Ct)).After);
        Assert.Empty(await keypace.Settings.ListAsync(Ct));
        Assert.Equal("120", Assert.Single(await keypace.Settings.ChangeAsync(new SettingsChange(GuardMs: 120), Ct)).Value);
        Assert.True(await keypace.Health.IsAliveAsync(Ct));
        Assert.False(await keypace.Health.IsReadyAsync(Ct));
        Assert.Contains(server.Asked, asked => asked.Query == "?by=model&since=1&until=2");
        Assert.Contains(server.Asked, asked => asked.Query == "?limit=10&after=5");
        Assert.Contains(server.Asked, asked => asked is { Method: "PUT", Path: "/v1/settings", Body: """{"guard_ms":120}""" });
    }
}
