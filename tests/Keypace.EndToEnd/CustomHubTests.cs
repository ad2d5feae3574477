using System.Text.Json;
using static Keypace.EndToEnd.CheckingHub;

namespace Keypace.EndToEnd;

/// <summary>Endpoints of one's own: any header, any JSON, token counts that must be asked for, and answers that are none.</summary>
public sealed class CustomHubTests(SharedKeypace shared)
{
    private const string Chunk = "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
    private const string Extra = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4,\"total_tokens\":7}}\n\n";
    private const string Done = "data: [DONE]\n\n";

    [Fact]
    public async Task An_endpoint_has_its_own_header_further_headers_models_or_no_key_at_all()
    {
        await using var hub = await StartAsync(_ => Said.Chat());
        var own = await StoreAsync(hub, "sk-test-not-a-real-key-0001", new { header_name = "X-Team-Key", extra_headers = "X-Team: red\nX-Env: test", models = "alpha, beta" });
        var open = await StoreAsync(hub, null, null);

        (await shared.Api.ChatAsync(own)).MustBe(200);
        Assert.Equal("sk-test-not-a-real-key-0001", hub.All[^1].Headers["X-Team-Key"].ToString());
        Assert.Equal(("red", "test", ""), (hub.All[^1].Headers["X-Team"].ToString(), hub.All[^1].Headers["X-Env"].ToString(), hub.All[^1].Headers.Authorization.ToString()));
        Assert.Equal("""["alpha","beta"]""", (await shared.Api.GetAsync($"/v1/api-keys/{own}/models")).MustBe(200)["models"].GetRawText().Replace(" ", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal));
        (await shared.Api.ChatAsync(open)).MustBe(200);
        Assert.Empty(hub.All[^1].Headers.Authorization.ToString());
    }

    [Fact]
    public async Task An_endpoint_that_takes_any_json_is_asked_by_its_template()
    {
        await using var hub = await StartAsync(seen => seen.Body.Contains("fail", StringComparison.Ordinal)
            ? Said.Json("""{"error":"the robot sleeps"}""") : Said.Json("""{"output":[{"text":"forty-two"}]}"""));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0002", new { request_template = "{\"question\": \"{{prompt}}\", \"t\": \"{{temperature}}\"}", answer_path = "$.output[0].text" }, "/ask");

        var whole = (await AskAsync(key, "say \"it\"", stream: false)).MustBe(200);
        Assert.Equal("forty-two", whole["choices"][0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("/ask", hub.All[^1].Target);
        Assert.Equal("{\"question\":\"say \\\"it\\\"\",\"t\":null}", hub.All[^1].Body);
        var streamed = (await AskAsync(key, "hello", stream: true)).MustBe(200);
        Assert.Contains("forty-two", streamed.Text, StringComparison.Ordinal);
        Assert.EndsWith(Done, streamed.Text, StringComparison.Ordinal);
        var failed = (await AskAsync(key, "fail", stream: false)).MustBe(502);
        Assert.Contains("the robot sleeps", failed.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("request_template", "{\"question\": {{prompt}}}")]
    [InlineData("request_template", "{\"question\": \"{{promt}}\"}")]
    [InlineData("request_template", "{\"question\": \"always the same\"}")]
    [InlineData("answer_path", "$..text")]
    [InlineData("answer_path", "$.output[*]")]
    [InlineData("header_name", "Host")]
    [InlineData("extra_headers", "Authorization: Bearer x")]
    [InlineData("extra_headers", "no colon")]
    public async Task What_cannot_work_is_refused_when_it_is_saved_and_the_field_is_named(string field, string value)
    {
        var config = new Dictionary<string, string> { ["request_template"] = "{\"q\": \"{{prompt}}\"}", ["answer_path"] = "$.a", [field] = value };
        var refused = (await shared.Api.PostAsync("/v1/api-keys", new { name = Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(), hub = "custom", url = "http://127.0.0.1:9/v1", hub_config = config })).MustBe(422);
        Assert.Contains($"\"{field}\"", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_counts_are_asked_for_counted_and_taken_out_again()
    {
        await using var hub = await StartAsync(seen => new Said(200, "text/event-stream", Chunk, Extra, Done));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0003", null);

        var plain = (await AskAsync(key, "hello", stream: true)).MustBe(200);
        Assert.Equal(Chunk.Replace(",\"usage\":null", "", StringComparison.Ordinal) + Done, plain.Text);   // it did not ask for counts
        Assert.True(JsonDocument.Parse(hub.All[^1].Body).RootElement.GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        var asked = (await shared.Api.PostAsync("/v1/chat/completions",
            "{\"model\":\"m\",\"stream\":true,\"messages\":[],\"stream_options\":{\"include_usage\":true}}", ("x-keypace-key", key))).MustBe(200);
        Assert.Equal(Chunk + Extra + Done, asked.Text);

        await Until.TrueAsync(async () => (await shared.Api.GetAsync($"/v1/api-keys/{key}/queries")).Text.Replace(" ", "", StringComparison.Ordinal).Split("\"prompt_tokens\":3").Length == 3, "both records with their tokens");
    }

    [Theory]
    [InlineData(200, "text/html", "<html>sign in</html>", 502, "web page")]
    [InlineData(200, "application/json", "", 502, "empty body")]
    [InlineData(200, "application/json", "{\"error\":{\"code\":429,\"message\":\"slow down\"}}", 429, "slow down")]
    [InlineData(503, "text/html", "<html>busy</html>", 503, "web page")]
    [InlineData(500, "application/json", "", 500, "empty body")]
    public async Task What_is_no_answer_becomes_an_error_that_names_hub_and_key(int status, string type, string body, int expected, string says)
    {
        await using var hub = await StartAsync(_ => new Said(status, type, body));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0004", null);
        var answer = (await shared.Api.ChatAsync(key)).MustBe(expected);
        var message = answer["error"].GetProperty("message").GetString();
        Assert.Contains(says, message, StringComparison.Ordinal);
        Assert.Contains($"'{key}'", message, StringComparison.Ordinal);
        Assert.Contains("Custom endpoint", message, StringComparison.Ordinal);
        Assert.Equal(0, (await shared.Api.GetAsync($"/v1/api-keys/{key}/status"))["waiting"].GetInt32());
        if (expected == 502)
            Assert.Contains(says, (await shared.Api.GetAsync($"/v1/api-keys/{key}"))["notice"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_begins_with_an_error_is_that_error()
    {
        await using var hub = await StartAsync(_ => new Said(200, "text/event-stream", "data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\n", Done));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0007", null);
        var answer = (await AskAsync(key, "hello", stream: true)).MustBe(429);
        Assert.Equal("application/json", answer.Header("Content-Type"));
        Assert.Contains("slow down", answer["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains($"'{key}'", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(429, 429)]
    [InlineData(401, 502)]
    [InlineData(503, 503)]
    public async Task A_refusal_that_breaks_off_is_one_all_the_same(int status, int expected)
    {
        await using var hub = await StartAsync(_ => new Said(status, "application/json", "{\"error\":{\"mess", null));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0006", null);
        var answer = await shared.Api.ChatAsync(key, null, ("x-keypace-max-wait", "0"));
        // A reset may overtake the status: then nothing of the refusal came.
        if (answer.Header("x-keypace-error") != "hub_broke_off")
            answer.MustBe(expected);
        Assert.Contains($"'{key}'", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_breaks_ends_with_an_error_event()
    {
        await using var hub = await StartAsync(_ => new Said(200, "text/event-stream", Chunk, "data: {\"half", null));
        var key = await StoreAsync(hub, "sk-test-not-a-real-key-0005", null);
        var answer = await shared.Api.PostForWhatComesAsync(
            "/v1/chat/completions", new { model = "m", stream = true, messages = new[] { new { role = "user", content = "hello" } } }, ("x-keypace-key", key));
        // A reset may overtake what was sent before it: then nothing of the answer came, and that is said as well.
        if ((int)answer.Status != 502)
            Assert.StartsWith(Chunk.Replace(",\"usage\":null", "", StringComparison.Ordinal), answer.MustBe(200).Text, StringComparison.Ordinal);
        Assert.Contains("hub_broke_off", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", answer.Text, StringComparison.Ordinal);
    }

    private async Task<string> StoreAsync(CheckingHub hub, string? value, object? config, string path = "/v1")
    {
        var name = "k" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");
        (await shared.Api.PostAsync("/v1/api-keys", new { name, hub = "custom", value, url = hub.Address + path, hub_config = config, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }

    private Task<Answer> AskAsync(string key, string question, bool stream) => shared.Api.PostAsync(
        "/v1/chat/completions", new { model = "m", stream, messages = new[] { new { role = "user", content = question } } }, ("x-keypace-key", key));
}
