using System.Text.Json.Nodes;

namespace Keypace.EndToEnd;

/// <summary>What a test says of a key for each kind of answer that hubs give, and half-configured keys, which are refused before anything is asked.</summary>
public sealed class KeyVerdictTests(SharedKeypace keypace)
{
    private const string Secret = "sk-test-not-a-real-key-0001";
    private const string Models = """{"data":[{"id":"model-a"}]}""";
    private static readonly object Aws = new { region = "eu-central-1", access_key = NativeHubs.AccessKey, secret_access_key = NativeHubs.SecretAccessKey };

    /// <summary>Hub, path of its address, the hub's answer (status, headers as <c>name: value|…</c>, body), the verdict, and what its sentence holds.</summary>
    public static TheoryData<string, string, int, string, string, string, string> Answers => new()
    {
        { "openai", "/v1", 200, "", Models, "works", "accepts the key" },
        { "openai", "/v1", 401, "", """{"error":{"message":"Incorrect API key provided"}}""", "refused", "Incorrect API key provided" },
        { "openai", "/v1", 403, "", """{"error":{"message":"You have insufficient permissions. Missing scopes: api.model.read"}}""", "works", "accepts the key" },
        { "openai", "/v1", 429, "", """{"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"You exceeded your current quota"}}""", "no_quota", "no quota or credit left" },
        { "openai", "/v1", 429, "retry-after: 3", """{"error":{"code":"rate_limit_exceeded","message":"slow down"}}""", "works", "at its limit now" },
        { "openai", "/v1", 500, "", "{}", "unreachable", "it answered 500" },
        { "openai", "/v1", 404, "", "<html>not here</html>", "wrong_address", "is not the interface of OpenAI" },
        { "openrouter", "/api/v1", 402, "", """{"error":{"code":402,"message":"Insufficient credits"}}""", "no_quota", "Insufficient credits" },
        { "mistral", "/v1", 429, "x-ratelimit-limit-req-minute: 0", """{"message":"Rate limit exceeded"}""", "no_access", "a limit of 0" },
        { "gemini", "/v1beta", 400, "", """{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}""", "refused", "API key not valid" },
        { "anthropic", "/v1", 401, "", """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""", "refused", "invalid x-api-key" },
        { "perplexity", "", 400, "", """{"error":{"message":"Invalid model"}}""", "works", "accepts the key" },
        { "perplexity", "", 401, "", """{"error":{"message":"Unauthorized"}}""", "refused", "Unauthorized" },
        { "custom", "/v1", 404, "", "<html>not here</html>", "wrong_address", "Check the address" },
        { "bedrock", "", 403, "x-amzn-ErrorType: UnrecognizedClientException", """{"message":"The security token included in the request is invalid."}""", "refused", "security token" },
        { "bedrock", "", 403, "x-amzn-ErrorType: AccessDeniedException", """{"message":"User: u is not authorized to perform: bedrock:InvokeModel"}""", "no_access", "not authorized to perform" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_test_tells_the_kinds_of_answers_apart(string hub, string path, int status, string headers, string body, string verdict, string words)
    {
        await using var place = await NativeHub.StartAsync(_ => NativeReply.Json(status, body, [.. headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ", 2)).Select(pair => (pair[0], pair[1]))]));
        var answer = (await TestAsync(hub, place.Address + path)).MustBe(200);
        Assert.True(verdict == answer["status"].GetString(), answer.Text);
        Assert.Contains(words, answer["detail"].GetString(), StringComparison.Ordinal);
        Assert.True(answer["latency_ms"].GetInt32() >= 0);
        Secrets.MustBeAbsent(answer.Text, hub == "bedrock" ? NativeHubs.SecretAccessKey : Secret, "the answer");
        Assert.InRange(place.Seen.Count, 1, hub == "custom" ? 2 : 1);   // the least that tells, also where the hub says to wait
    }

    [Fact]
    public async Task A_model_that_the_hub_does_not_list_is_no_access_and_its_limits_are_said()
    {
        await using var hub = await NativeHub.StartAsync(_ => NativeReply.Json(200, Models, ("x-ratelimit-limit-requests", "5000"), ("x-ratelimit-remaining-requests", "4999"), ("x-ratelimit-reset-requests", "6m0s"), ("x-ratelimit-limit-tokens", "1000000")));
        var missing = (await TestAsync("openai", hub.Address + "/v1", model: "model-b")).MustBe(200);
        Assert.Equal("no_access", missing["status"].GetString());
        Assert.Contains("'model-b'", missing["detail"].GetString(), StringComparison.Ordinal);

        var there = (await TestAsync("openai", hub.Address + "/v1", model: "model-a")).MustBe(200);
        Assert.Equal(("works", 5000, 60), (there["status"].GetString(), there["rate_limit"].GetInt32(), there["interval"].GetInt32()));
        var (requests, tokens) = (there["limits"][0], there["limits"][1]);
        Assert.Equal(("requests", 5000, 4999, 360), (requests.GetProperty("dimension").GetString(), requests.GetProperty("limit").GetInt32(), requests.GetProperty("remaining").GetInt32(), requests.GetProperty("reset_in_seconds").GetDouble()));
        Assert.Equal(("tokens", 1_000_000), (tokens.GetProperty("dimension").GetString(), tokens.GetProperty("limit").GetInt32()));
    }

    [Fact]
    public async Task Nobody_there_is_unreachable()
    {
        string address;
        await using (var gone = await NativeHub.StartAsync(_ => NativeReply.Json(200, Models)))
            address = gone.Address;
        Assert.Equal("unreachable", (await TestAsync("openai", address + "/v1")).MustBe(200)["status"].GetString());
    }

    [Theory]
    [InlineData("openai", "{}", "value")]
    [InlineData("custom", """{"value":"x"}""", "url")]
    [InlineData("custom", """{"value":"x","url":"https://a.example","hub_config":{"request_template":"{\"q\": \"{{prompt}}\"}"}}""", "answer_path")]
    [InlineData("azure", """{"value":"x"}""", "resource")]
    [InlineData("azure", """{"hub_config":{"resource":"r","client_id":"c","client_secret":"not-a-real-one"}}""", "tenant_id")]
    [InlineData("vertex", """{"hub_config":{"region":"us-central1","client_id":"c","client_secret":"not-a-real-one","refresh_token":"not-a-real-one"}}""", "project_id")]
    [InlineData("vertex", """{"hub_config":{"region":"us-central1","project_id":"p","client_id":"c","client_secret":"not-a-real-one"}}""", "refresh_token")]
    [InlineData("vertex", """{"hub_config":{"region":"us-central1","project_id":"p","service_account":"{}"}}""", "service_account")]
    [InlineData("digitalocean", """{"hub_config":{"agent_key":"not-a-real-one"}}""", "agent_id")]
    [InlineData("bedrock", """{"hub_config":{"access_key":"not-a-real-one","secret_access_key":"not-a-real-one"}}""", "region")]
    [InlineData("bedrock", """{"hub_config":{"region":"eu-central-1","access_key":"not-a-real-one"}}""", "secret_access_key")]
    [InlineData("bedrockAgents", """{"hub_config":{"region":"eu-central-1","access_key":"not-a-real-one","secret_access_key":"not-a-real-one","agent_id":"A"}}""", "agent_alias_id")]
    public async Task A_half_configured_key_is_refused_by_the_field_that_is_missing(string hub, string fields, string missing)
    {
        var body = JsonNode.Parse(fields)!.AsObject();
        body["hub"] = hub;
        foreach (var (path, name) in new[] { ("/v1/api-keys", "half"), ("/v1/api-keys/test", null) })
        {
            if (name is not null)
                body["name"] = name;
            else
                body.Remove("name");
            var refused = (await keypace.Api.PostAsync(path, body.ToJsonString())).MustRefuse(422);
            Assert.Contains(missing, refused["detail"].EnumerateArray().SelectMany(problem => problem.GetProperty("loc").EnumerateArray().Select(part => part.ToString())));
            Assert.DoesNotContain("not-a-real-one", refused.Text, StringComparison.Ordinal);
        }
    }

    private Task<Answer> TestAsync(string hub, string url, string? model = null) => keypace.Api.PostAsync("/v1/api-keys/test", new
    {
        hub, url, model, value = hub == "bedrock" ? "" : Secret, hub_config = hub == "bedrock" ? Aws : null,
    });
}
