using System.Text.Json;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Features;

/// <summary>The routes of Anthropic's messages and OpenAI's responses on hubs that speak something else, and on those that do not.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class OtherLanguagesTests(FeatureHost host)
{
    private const string Message = """{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hi"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}""";

    private const string Half = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"half\"},\"finish_reason\":null}]}\n\n";

    [Fact]
    public async Task A_message_reaches_a_hub_of_OpenAIs_language_and_its_answer_is_a_message()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var key = await StoreAsync(hub, "mistral");

        var answer = (await AskAsync("/v1/messages", key, """{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"A"}]}""")).MustBe(200);

        Assert.StartsWith("POST /v1/chat/completions ", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.Equal(("message", "Hello.", "end_turn"), (answer["type"].GetString(), answer["content"][0].GetProperty("text").GetString(), answer["stop_reason"].GetString()));
        Assert.Equal(key, answer.Headers["x-keypace-key"]);
    }

    [Fact]
    public async Task At_Anthropic_the_callers_bytes_go_on_and_the_hubs_come_back()
    {
        await using var hub = new RawHub(RawHub.Json(Message));
        var key = await StoreAsync(hub, "anthropic");
        const string Body = """{ "model":"m", "max_tokens":5,"top_k" : 3, "messages":[{"role":"user","content":"A"}], "thinking":{"type":"adaptive"} }""";

        var answer = (await AskAsync("/v1/messages?beta=true", key, Body, ("anthropic-beta", "files-api"))).MustBe(200);

        Assert.StartsWith("POST /v1/messages?beta=true ", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + Body, hub.Requests.Single(), StringComparison.Ordinal);
        Assert.Contains("anthropic-beta: files-api", hub.Requests.Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(Message, answer.Text);
    }

    [Theory]
    [InlineData("""{"model":"agent/NAME","max_tokens":5,"messages":[]}""", "\"system\":\"Be brief.\"")]
    [InlineData("""{"system":null,"model":"agent/NAME","max_tokens":5,"messages":[]}""", "\"system\":\"Be brief.\"")]
    [InlineData("""{"system":"And kind.","model":"agent/NAME","max_tokens":5,"messages":[]}""", "\"system\":\"Be brief.\\n\\nAnd kind.\"")]
    [InlineData("""{"system":[{"type":"text","text":"And kind."}],"model":"agent/NAME","max_tokens":5,"messages":[]}""", "\"system\":[{\"type\":\"text\",\"text\":\"Be brief.\"},{\"type\":\"text\",\"text\":\"And kind.\"}]")]
    [InlineData("""{"system":[ ],"model":"agent/NAME","max_tokens":5,"messages":[]}""", "\"system\":[{\"type\":\"text\",\"text\":\"Be brief.\"}]")]
    public async Task An_agents_prompt_stands_before_the_callers(string body, string sent)
    {
        await using var hub = new RawHub(RawHub.Json(Message));
        var key = await StoreAsync(hub, "anthropic");
        (await host.PostAsync("/v1/agent-configurations", new { agent_name = key, model_name = "m", api_key_id = key, agent_system_prompt = "Be brief." })).MustBe(200);

        (await host.SendAsync(HttpMethod.Post, "/v1/messages", body.Replace("NAME", key, StringComparison.Ordinal), null)).MustBe(200);

        Assert.Contains(sent, hub.Requests.Single(), StringComparison.Ordinal);
        using var whole = JsonDocument.Parse(hub.Requests.Single().Split("\r\n\r\n", 2)[1]);
        Assert.Equal("m", whole.RootElement.GetProperty("model").GetString());
    }

    [Theory]
    [InlineData("/v1/messages", "anthropic", """{"model":"agent/NAME","max_tokens":5,"system":"a\ud83d b","messages":[]}""")]
    [InlineData("/v1/responses", "custom", """{"model":"agent/NAME","instructions":"a\udc00 b","input":"A"}""")]
    [InlineData("/v1/completions", "custom", """{"model":"agent/NAME","prompt":"a\ud83d b"}""")]
    public async Task Half_of_a_character_behind_an_agents_prompt_leaves_the_rest(string path, string kind, string body)
    {
        await using var hub = new RawHub(RawHub.Json("""{"object":"response","choices":[{"text":"x"}],"content":[{"type":"text","text":"x"}]}"""));
        var key = await StoreAsync(hub, kind);
        (await host.PostAsync("/v1/agent-configurations", new { agent_name = key, model_name = "m", api_key_id = key, agent_system_prompt = "Be brief." })).MustBe(200);

        (await host.SendAsync(HttpMethod.Post, path, body.Replace("NAME", key, StringComparison.Ordinal), null)).MustBe(200);

        Assert.Contains("Be brief.\\n\\na", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.Contains(" b\"", hub.Requests.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_system_that_is_neither_text_nor_list_has_no_place_for_an_agents_prompt()
    {
        await using var hub = new RawHub(RawHub.Json(Message));
        var key = await StoreAsync(hub, "anthropic");
        (await host.PostAsync("/v1/agent-configurations", new { agent_name = key, model_name = "m", api_key_id = key, agent_system_prompt = "Be brief." })).MustBe(200);

        Refused(await host.SendAsync(HttpMethod.Post, "/v1/messages", $$"""{"model":"agent/{{key}}","system":{"a":1},"messages":[]}""", null), "no_place_for_prompt");

        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task Tokens_are_counted_by_Anthropic_itself_and_estimated_elsewhere_without_a_query()
    {
        await using var anthropic = new RawHub(RawHub.Json("""{"input_tokens":77}"""));
        await using var other = new RawHub(RawHub.Completion);
        var (own, others) = (await StoreAsync(anthropic, "anthropic"), await StoreAsync(other, "mistral"));
        const string Body = """{"model":"m","messages":[{"role":"user","content":"How many are there?"}]}""";

        Assert.Equal(77, (await AskAsync("/v1/messages/count_tokens", own, Body)).MustBe(200)["input_tokens"].GetInt32());
        Assert.StartsWith("POST /v1/messages/count_tokens ", anthropic.Requests.Single(), StringComparison.Ordinal);

        Assert.InRange((await AskAsync("/v1/messages/count_tokens", others, Body)).MustBe(200)["input_tokens"].GetInt32(), 5, 40);
        Assert.Empty(other.Requests);
        (await host.SendAsync(HttpMethod.Post, "/v1/messages/count_tokens", Body, "kpa_nobody", ("x-keypace-key", others))).MustBe(401);
    }

    [Theory]
    [InlineData("mistral")]
    [InlineData("anthropic")]
    public async Task A_response_is_answered_where_a_hub_has_none_and_nothing_is_stored(string kind)
    {
        await using var hub = new RawHub(kind == "anthropic" ? RawHub.Json(Message) : RawHub.Completion);
        var key = await StoreAsync(hub, kind);

        var answer = (await AskAsync("/v1/responses", key, """{"model":"m","input":"A"}""")).MustBe(200);
        Assert.Equal(("response", "completed", false), (answer["object"].GetString(), answer["status"].GetString(), answer["store"].GetBoolean()));

        var refused = Refused(await AskAsync("/v1/responses", key, """{"model":"m","input":"A","previous_response_id":"resp_1"}"""), "nothing_stored");
        Assert.Equal("previous_response_id", refused["error"].GetProperty("param").GetString());
        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task A_hub_that_has_responses_gets_the_callers_bytes()
    {
        await using var hub = new RawHub(RawHub.Json("""{"id":"resp_9","object":"response","status":"completed","output":[]}"""));
        var key = await StoreAsync(hub, "openai");
        const string Body = """{"model":"m","input":"A","previous_response_id":"resp_1","background":true}""";

        (await AskAsync("/v1/responses", key, Body)).MustBe(200);

        Assert.StartsWith("POST /v1/responses ", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + Body, hub.Requests.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/messages", """{"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"A"}]}""", "event: error\ndata: {\"type\":\"error\",\"error\":{")]
    [InlineData("/v1/responses", """{"model":"m","stream":true,"input":"A"}""", "event: error\ndata: {\"type\":\"error\",\"message\":")]
    public async Task A_stream_that_breaks_off_says_so_in_its_own_form_and_is_cut(string path, string body, string said)
    {
        await using var hub = new RawHub(Half, isCut: true);
        var key = await StoreAsync(hub, "mistral");
        using var client = new HttpClient { BaseAddress = host.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Bearer " + host.Token);
        request.Headers.Add("x-keypace-key", key);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("no", Assert.Single(response.Headers.GetValues("X-Accel-Buffering")));
        var got = new MemoryStream();
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<IOException>(() => stream.CopyToAsync(got, TestContext.Current.CancellationToken));

        Assert.Contains(said, System.Text.Encoding.UTF8.GetString(got.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hub_that_refuses_the_option_for_token_counts_is_asked_again_without_it()
    {
        await using var hub = new RawHub(async (request, connection) => await connection.SendAsync(
            request.Contains("stream_options", StringComparison.Ordinal)
                ? "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 57\r\n\r\n{\"error\":{\"message\":\"stream_options is unknown to us here\"}}"[..^2]
                : "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 140\r\n\r\n" + "data: {\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n".PadRight(140, '\n')));
        var key = await StoreAsync(hub, "custom");

        var answer = (await AskAsync("/v1/messages", key, """{"model":"m","max_tokens":5,"stream":true,"messages":[{"role":"user","content":"A"}]}""")).MustBe(200);

        Assert.Contains("message_stop", answer.Text, StringComparison.Ordinal);
        Assert.Equal(2, hub.Requests.Count);
        Assert.DoesNotContain("stream_options", hub.Requests.Last(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, """{"detail":"Not Found"}""")]
    [InlineData(404, "404 page not found")]
    [InlineData(405, "")]
    [InlineData(501, """{"error":{"message":"unknown path /v1/responses"}}""")]
    public async Task An_endpoint_without_responses_is_asked_by_its_chat_from_then_on(int status, string body)
    {
        await using var hub = new RawHub(async (request, connection) => await connection.SendAsync(
            request.StartsWith("POST /v1/chat/completions ", StringComparison.Ordinal)
                ? RawHub.Completion
                : $"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        var key = await StoreAsync(hub, "custom");

        Assert.Equal("response", (await AskAsync("/v1/responses", key, """{"model":"m","input":"A"}""")).MustBe(200)["object"].GetString());
        (await AskAsync("/v1/responses", key, """{"model":"m","input":"A"}""")).MustBe(200);

        Assert.Equal(["/v1/responses", "/v1/chat/completions", "/v1/chat/completions"], hub.Requests.Select(request => request.Split(' ')[1]));
    }

    [Theory]
    [InlineData("""{"error":{"message":"The model 'm' does not exist.","code":"model_not_found"}}""")]
    [InlineData("""{"error":{"message":"Previous response with id 'resp_1' not found.","param":"previous_response_id"}}""")]
    public async Task What_an_endpoint_with_responses_does_not_find_is_its_answer(string body)
    {
        await using var hub = new RawHub($"HTTP/1.1 404 No\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var key = await StoreAsync(hub, "custom");

        var answer = (await AskAsync("/v1/responses", key, """{"model":"m","input":"A"}""")).MustBe(404);

        Assert.Equal(body, answer.Text);
        Assert.Single(hub.Requests);
    }

    private static Answer Refused(Answer answer, string code)
    {
        Assert.Equal((400, code), ((int)answer.Status, answer.Headers["x-keypace-error"]));
        return answer;
    }

    private Task<Answer> AskAsync(string path, string key, string body, params (string Name, string Value)[] headers) =>
        host.SendAsync(HttpMethod.Post, path, body, null, [("x-keypace-key", key), .. headers]);

    private async Task<string> StoreAsync(RawHub hub, string kind)
    {
        var name = FeatureHost.Unique("tongue").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = kind, value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
