using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>What reaches the hub, by which route, and what the answer says about it.</summary>
public sealed class ForwardingTests(SharedKeypace keypace)
{
    [Fact]
    public async Task The_hub_sees_one_credential_and_nothing_of_the_callers()
    {
        await using var hub = await HubAsync("clean");

        (await keypace.Api.ChatAsync(
            "clean", "alice",
            ("Cookie", "session=abc"), ("api-key", "callers-own-0001"), ("Accept-Encoding", "gzip, br"), ("Forwarded", "for=1.2.3.4"),
            ("OpenAI-Organization", "org-callers"), ("x-custom", "dropped"))).MustBe(200);

        var arrival = Assert.Single(hub.Log.Snapshot());
        Assert.Equal([$"Authorization: Bearer {hub.Options.RequiredKey}"], arrival.Credentials);
        Assert.Equal("identity", arrival.Headers["Accept-Encoding"]);
        Assert.Equal("org-callers", arrival.Headers["OpenAI-Organization"]);
        Assert.DoesNotContain("x-custom", arrival.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("Cookie", arrival.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(arrival.Headers.Keys, name => name.StartsWith("x-keypace", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(arrival.Headers.Keys, name => name.StartsWith("x-forwarded", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(arrival.Headers, header => header.Value.Contains(keypace.Running.Folder.Token, StringComparison.Ordinal));
        Assert.Equal(new Uri(hub.Address).Authority, arrival.Headers["Host"]);
    }

    [Fact]
    public async Task The_answers_headers_say_what_happened()
    {
        var limit = new HubLimit(5, 60);
        await using var hub = await HubAsync("said", limit);

        var answer = (await keypace.Api.ChatAsync("said")).MustBe(200);

        Assert.Equal("said", answer.Header("x-keypace-key"));
        Assert.InRange(int.Parse(answer.Header("x-keypace-waited-ms")!, System.Globalization.CultureInfo.InvariantCulture), 0, 60_000);
        Assert.Equal("4", answer.Header("x-keypace-remaining"));
        Assert.NotEmpty(answer.Header("x-request-id")!);
        Assert.Equal("req_pretend_1", answer.Header("x-keypace-hub-request-id"));
    }

    [Fact]
    public async Task A_body_is_forwarded_as_it_came()
    {
        await using var hub = await HubAsync("as it came");
        const string Body = """{ "model" :"maker/pretend-1",  "x":1.0, "big":12345678901234567890, "dup":1,"dup":2, "ü":"\u00fc\ud83d\ude00" , "messages":[] }""";

        (await keypace.Api.PostAsync("/v1/chat/completions", Body, ("x-keypace-key", "as%20it%20came"))).MustBe(200);

        Assert.Equal(Body, System.Text.Encoding.UTF8.GetString(Assert.Single(hub.Log.Snapshot()).Body));
    }

    [Theory]
    [InlineData("/keys/ROUTE/v1/chat/completions", "/v1/chat/completions")]
    [InlineData("/keys/ROUTE/chat/completions", "/v1/chat/completions")]
    [InlineData("/keys/ROUTE/v1/audio/speech?voice=a%2Fb&x=%20", "/v1/audio/speech?voice=a%2Fb&x=%20")]
    [InlineData("/keys/ROUTE/v1/files/a%2Fb%20c", "/v1/files/a%2Fb%20c")]
    public async Task The_passthrough_takes_the_hubs_own_paths_raw(string path, string expected)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var name = $"route/ü {path.GetHashCode(StringComparison.Ordinal)}";
        var id = await keypace.StoreKeyAsync(hub, name);

        foreach (var named in new[] { Uri.EscapeDataString(name), id })
            (await keypace.Api.PostAsync(path.Replace("ROUTE", named, StringComparison.Ordinal), Api.Chat("maker/pretend-1"))).MustBe(200);

        Assert.Equal([expected, expected], hub.Log.Snapshot().Select(arrival => arrival.Target));
    }

    [Theory]
    [InlineData("/keys/DOTS/v1/../admin")]
    [InlineData("/keys/DOTS/v1/%2e%2e/admin")]
    [InlineData("/keys/DOTS/%2E%2E/%2E%2E/admin")]
    public async Task Dot_segments_are_refused(string path)
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, $"dots {path}");

        var target = path.Replace("DOTS", id, StringComparison.Ordinal);
        var status = await RawHttp.StatusAsync(keypace.Running.Address, $"GET {target} HTTP/1.1\r\nAuthorization: Bearer {keypace.Running.Folder.Token}\r\n");

        Assert.Equal(400, status);
        Assert.Equal(0, hub.Log.Count);
    }

    [Theory]
    [InlineData("authorization", "Bearer ")]
    [InlineData("x-api-key", "")]
    [InlineData("api-key", "")]
    [InlineData("x-goog-api-key", "")]
    public async Task The_token_is_read_where_each_SDK_puts_it(string header, string prefix)
    {
        await using var hub = await HubAsync($"token in {header}");
        using var bare = new Api(keypace.Running.Address, null);

        (await bare.ChatAsync($"token in {header}", null, (header, prefix + keypace.Running.Folder.Token))).MustBe(200);

        Assert.Equal([$"Authorization: Bearer {hub.Options.RequiredKey}"], Assert.Single(hub.Log.Snapshot()).Credentials);
    }

    [Fact]
    public async Task Renaming_a_key_breaks_no_agent()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "before");
        (await keypace.Api.PostAsync("/v1/agent-configurations", new
        {
            agent_name = "renamed key's agent", model_name = "pretend-small", hub = "custom", api_key_id = id, agent_system_prompt = "Be brief.",
        })).MustBe(200);

        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { name = "after" })).MustBe(200);

        (await keypace.Api.PostAsync("/v1/chat/completions", Api.Chat("agent/renamed key's agent"))).MustBe(200);
        var sent = System.Text.Json.JsonDocument.Parse(Assert.Single(hub.Log.Snapshot()).Body).RootElement;
        Assert.Equal("pretend-small", sent.GetProperty("model").GetString());
        Assert.Equal("system", sent.GetProperty("messages")[0].GetProperty("role").GetString());
        Assert.Equal("Be brief.", sent.GetProperty("messages")[0].GetProperty("content").GetString());
        (await keypace.Api.ChatAsync("after")).MustBe(200);
        (await keypace.Api.ChatAsync("before")).MustRefuseQuery(404);
    }

    [Fact]
    public async Task A_disabled_or_deleted_key_answers_409_or_404_with_its_name()
    {
        await using var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        var id = await keypace.StoreKeyAsync(hub, "switched off");
        (await keypace.Api.PostAsync("/v1/agent-configurations", new { agent_name = "orphan", model_name = "m", hub = "custom", api_key_id = id })).MustBe(200);

        (await keypace.Api.PutAsync($"/v1/api-keys/{id}", new { status = "disabled" })).MustBe(200);
        var disabled = (await keypace.Api.ChatAsync("switched off")).MustRefuseQuery(409);
        Assert.Contains("switched off", disabled.Text, StringComparison.Ordinal);

        var deleted = (await keypace.Api.DeleteAsync($"/v1/api-keys/{id}")).MustBe(200);
        Assert.Equal("orphan", Assert.Single(deleted["agents_without_key"].EnumerateArray()).GetString());
        (await keypace.Api.PostAsync("/v1/chat/completions", Api.Chat("agent/orphan"))).MustRefuseQuery(409);
        Assert.Equal(0, hub.Log.Count);
    }

    private async Task<PretendHub> HubAsync(string name, HubLimit? limit = null)
    {
        var hub = await PretendHub.StartAsync(new PretendHubOptions { RequiredKey = Secrets.New() });
        await keypace.StoreKeyAsync(hub, name, limit);
        return hub;
    }
}
