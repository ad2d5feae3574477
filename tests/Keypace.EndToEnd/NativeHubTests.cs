using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>Hubs with a language of their own, behind the built program: what they are asked, and what callers get.</summary>
public sealed class NativeHubTests(NativeHubs hubs) : IClassFixture<NativeHubs>
{
    private static object Ask(string model, bool stream = false) => new { model, stream, messages = new[] { new { role = "user", content = "Say hello." } } };

    [Theory]
    [InlineData("anthropic/claude-x")]
    [InlineData("bedrock/some.model-v1:0")]
    [InlineData("bedrock_custom/arn:aws:bedrock:eu-central-1:123456789012:imported-model/x")]
    [InlineData("bedrockAgents/clerk")]
    public async Task A_query_and_its_stream(string model)
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", Ask(model))).MustBe(200);
        Assert.Equal("Hello there.", answer["choices"][0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", answer["choices"][0].GetProperty("finish_reason").GetString());

        var streamed = (await hubs.Api.PostAsync("/v1/chat/completions", Ask(model, stream: true))).MustBe(200);
        Assert.StartsWith("text/event-stream", streamed.Header("content-type"), StringComparison.Ordinal);
        Assert.Equal("Hello there.", TextOf(streamed));
        Assert.EndsWith("data: [DONE]\n\n", streamed.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("claude", "anthropic", "claude-x", 13)]
    [InlineData("rock", "bedrock", "m", 13)]
    [InlineData("clerk", "bedrockAgents", "m", 0)]
    public async Task The_contracts_own_query(string key, string hub, string model, int tokens)
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat_complete", new
        {
            prompt = "Say hello.", completion_params = new { api_key = key, hub, model, generations = 2, temperature = 1, top_p = 0.99 },
        })).MustBe(200);

        Assert.Equal(["Hello there.", "Hello there."], answer["response"].EnumerateArray().Select(text => text.GetString()));
        Assert.Equal(2 * tokens, answer["token_count"].GetProperty("total_tokens").GetInt32());
    }

    [Theory]
    [InlineData("anthropic/no-such-model", false, 404, "not_found_error", "model: no-such-model")]
    [InlineData("anthropic/no-such-model", true, 404, "not_found_error", "model: no-such-model")]
    [InlineData("anthropic/spent", false, 429, "enforced_spend_limit_reached", "Spend limit")]
    [InlineData("anthropic/inside", false, 500, "api_error", "Oh no")]
    [InlineData("bedrock/missing", true, 404, "ResourceNotFoundException", "No such model")]
    [InlineData("bedrock/no-quota", false, 429, "ServiceQuotaExceededException", "Quota is 0")]
    public async Task Errors_come_in_OpenAIs_shape_with_the_hubs_words(string model, bool stream, int status, string code, string words)
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", Ask(model, stream))).MustBe(status);
        Assert.Equal(code, answer["error"].GetProperty("code").GetString());
        Assert.Contains(words, answer["error"].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains(model.StartsWith("anthropic", StringComparison.Ordinal) ? "Anthropic answered the query through 'claude'" : "Amazon Bedrock answered the query through 'rock'", answer.Text, StringComparison.Ordinal);
        Assert.Null(answer.Header("x-keypace-error"));
        if (code is "enforced_spend_limit_reached" or "ServiceQuotaExceededException")
            Assert.Equal("false", answer.Header("x-should-retry"));
    }

    [Theory]
    [InlineData("anthropic/page", false, "hub_answer_unreadable")]
    [InlineData("anthropic/page", true, "hub_answer_unreadable")]
    [InlineData("anthropic/silence", false, "hub_answer_unreadable")]
    [InlineData("anthropic/silence", true, "hub_answer_unreadable")]
    [InlineData("bedrock/page", false, "hub_answer_unreadable")]
    [InlineData("bedrock/page", true, "hub_answer_unreadable")]
    [InlineData("bedrock/refused", false, "hub_refused_key")]
    public async Task What_cannot_be_read_is_a_502_that_names_hub_and_key(string model, bool stream, string code)
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", Ask(model, stream))).MustRefuseQuery(502, code);
        Assert.Contains(model.StartsWith("anthropic", StringComparison.Ordinal) ? "'claude'" : "'rock'", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anthropic/broken", "Hel", "hub_broke_off")]
    [InlineData("anthropic/stalled", "Hel", "hub_timed_out")]
    [InlineData("anthropic/failing", "", "overloaded_error")]
    [InlineData("bedrock/throttled", "Hel", "ThrottlingException")]
    [InlineData("bedrock/flipped", "Hel", "hub_answer_unreadable")]
    public async Task A_stream_that_fails_ends_with_an_error_event_and_a_cut(string model, string before, string code)
    {
        var answer = (await hubs.Api.PostUntilCutAsync("/v1/chat/completions", Ask(model, stream: true))).MustBe(200);
        Assert.Equal(before, TextOf(answer));
        Assert.DoesNotContain("[DONE]", answer.Text, StringComparison.Ordinal);
        var last = JsonDocument.Parse(answer.Text.TrimEnd().Split("\n\n")[^1]["data: ".Length..]).RootElement.GetProperty("error");
        Assert.Equal(code, last.GetProperty("code").GetString());
        Assert.Contains(model.StartsWith("anthropic", StringComparison.Ordinal) ? "'claude'" : "'rock'", last.GetProperty("message").GetString(), StringComparison.Ordinal);

        // The key's page says it until a query goes well, and nothing is left of the query.
        var key = model.StartsWith("anthropic", StringComparison.Ordinal) ? "claude" : "rock";
        await Until.TrueAsync(async () => (await hubs.Api.GetAsync($"/v1/api-keys/{key}"))["notice"].GetString()?.StartsWith(last.GetProperty("message").GetString()!, StringComparison.Ordinal) == true, "the key's notice");
        Assert.Equal(0, (await hubs.Api.GetAsync($"/v1/api-keys/{key}/status"))["waiting"].GetInt32());
        (await hubs.Api.PostAsync("/v1/chat/completions", Ask(key == "claude" ? "anthropic/claude-x" : "bedrock/m"))).MustBe(200);
        await Until.TrueAsync(async () => (await hubs.Api.GetAsync($"/v1/api-keys/{key}"))["notice"].ValueKind is JsonValueKind.Null, "the notice is gone");
    }

    [Theory]
    [InlineData("anthropic/half a 429")]
    [InlineData("anthropic/half a 403")]
    public async Task A_refusal_that_falls_silent_is_a_504(string model)
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", Ask(model))).MustRefuseQuery(504, "hub_timed_out");
        Assert.Contains("'claude'", answer.Text, StringComparison.Ordinal);
        Assert.Contains("fell silent", (await hubs.Api.GetAsync("/v1/api-keys/claude"))["notice"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_place_is_refused_and_nothing_is_sent()
    {
        var before = hubs.Anthropic.Seen.Count;
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", new { model = "anthropic/claude-x", logit_bias = new { x = 1 }, messages = new[] { new { role = "user", content = "A" } } }))
            .MustRefuseQuery(400, "not_translatable");
        Assert.Equal("logit_bias", answer["error"].GetProperty("param").GetString());
        (await hubs.Api.PostAsync("/v1/chat/completions", Ask("bedrock/.."))).MustRefuseQuery(400, "bad_path");
        Assert.DoesNotContain(hubs.Anthropic.Seen.Skip(before), request => System.Text.Encoding.UTF8.GetString(request.Body).Contains("logit_bias", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_the_hub_sends_back_is_starred_out()
    {
        var answer = (await hubs.Api.PostAsync("/v1/chat/completions", Ask("anthropic/echo"))).MustBe(200);
        Secrets.MustBeAbsent(answer.Text, NativeHubs.AnthropicKey, "the answer");
        Assert.Contains("***", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_stand_in_the_records()
    {
        (await hubs.Api.PostAsync("/v1/chat/completions", Ask("bedrock/counted", stream: true))).MustBe(200);
        await Until.TrueAsync(async () => (await hubs.Api.GetAsync("/v1/usage?by=model")).Text is var usage && usage.Contains("counted", StringComparison.Ordinal) && usage.Contains("13", StringComparison.Ordinal), "the usage is written");
    }

    [Theory]
    [InlineData("claude", "works")]
    [InlineData("rock", "works")]
    [InlineData("rock by key", "works")]
    [InlineData("clerk", "works")]
    public async Task A_keys_test(string name, string status)
    {
        var keys = (await hubs.Api.GetAsync("/v1/api-keys")).MustBe(200).Json;
        var key = keys.EnumerateArray().Single(each => each.GetProperty("name").GetString() == name);
        Assert.DoesNotContain(NativeHubs.SecretAccessKey, keys.GetRawText(), StringComparison.Ordinal);
        var tested = (await hubs.Api.PostAsync($"/v1/api-keys/{key.GetProperty("id").GetString()}/test", null)).MustBe(200);
        Assert.Equal(status, tested["status"].GetString());
    }

    [Theory]
    [InlineData("anthropic/claude-x", "anthropic/failing", "overloaded_error")]
    [InlineData("bedrock/some.model", "bedrock/throttled", "ThrottlingException")]
    public async Task The_OpenAI_SDK_for_Node_reads_answers_streams_and_tool_calls(string model, string failing, string code)
    {
        var folder = Path.Combine(Checkout.Root, "tests", "clients", "openai-js");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "openai")), "the npm package openai is not installed (node and npm are needed; then: ./dev test)");
        var (exitCode, output) = await ChildProcess.RunAsync("node", ["translated.mjs"], Environment("/v1", ("MODEL", model), ("FAILING", failing)), folder: folder);

        Assert.True(exitCode == 0, output);
        var seen = JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
        Assert.Equal("Hello there.", seen.GetProperty("chat").GetString());
        Assert.Equal("Hello there.", seen.GetProperty("streamed").GetString());
        Assert.Equal((9, 4), (seen.GetProperty("streamedUsage").GetProperty("prompt_tokens").GetInt32(), seen.GetProperty("usage").GetProperty("completion_tokens").GetInt32()));
        Assert.Equal(("Köln", "Hello there."), (seen.GetProperty("city").GetString(), seen.GetProperty("afterTool").GetString()));
        Assert.Equal("tool_calls weather {\"city\":\"Köln\"}", seen.GetProperty("tool").GetString());
        Assert.Equal($"APIError {code}", seen.GetProperty("failing").GetString());
    }

    [Fact]
    public async Task Anthropics_own_SDK_goes_through_the_keys_path()
    {
        var folder = Path.Combine(Checkout.Root, "tests", "clients", "anthropic-js");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "@anthropic-ai")), "the npm package @anthropic-ai/sdk is not installed (node and npm are needed; then: ./dev test)");
        var (exitCode, output) = await ChildProcess.RunAsync("node", ["drive.mjs"], Environment("/keys/claude"), folder: folder);

        Assert.True(exitCode == 0, output);
        var seen = JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
        Assert.Equal(("Hello there.", 4, "Hello there.", "end_turn"), (seen.GetProperty("text").GetString(), seen.GetProperty("outputTokens").GetInt32(), seen.GetProperty("streamed").GetString(), seen.GetProperty("stopReason").GetString()));
        Assert.Equal(("NotFoundError 404", "AuthenticationError 401"), (seen.GetProperty("missing").GetString(), seen.GetProperty("stranger").GetString()));
    }

    private Dictionary<string, string> Environment(string path, params (string Name, string Value)[] more)
    {
        var all = new Dictionary<string, string> { ["BASE_URL"] = new Uri(hubs.Keypace.Address, path).ToString(), ["TOKEN"] = hubs.Keypace.Folder.Token };
        foreach (var (name, value) in more)
            all[name] = value;
        return all;
    }

    /// <summary>What the chunks of a stream say together.</summary>
    private static string TextOf(Answer answer) => string.Concat(
        from line in answer.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        where line != "data: [DONE]"
        let chunk = JsonDocument.Parse(line["data: ".Length..]).RootElement
        where chunk.TryGetProperty("choices", out var choices) && choices.GetArrayLength() > 0
        select chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var text) ? text.GetString() : "");
}
