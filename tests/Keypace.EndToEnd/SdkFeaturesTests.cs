using System.ClientModel;
using System.Text.Json;
using Keypace.Demo;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Keypace.EndToEnd;

/// <summary>Tools, structured output and responses by the official SDKs: question and answer pass unchanged, whole and as a stream.</summary>
public sealed class SdkFeaturesTests(SdkFeaturesTests.ToolHub one) : IClassFixture<SdkFeaturesTests.ToolHub>
{
    private const string Schema = """{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}""";

    private static readonly ChatTool Weather = ChatTool.CreateFunctionTool("get_weather", "The weather of a city.", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}"""));

    private OpenAIClient Client => new(new ApiKeyCredential(one.Keypace.Folder.Token), new OpenAIClientOptions { Endpoint = one.BaseUrl });

    [Fact]
    public async Task DotNet_calls_tools_whole_and_streamed()
    {
        var chat = Client.GetChatClient("custom/m");
        var options = new ChatCompletionOptions { Tools = { Weather } };

        ChatCompletion whole = await chat.CompleteChatAsync(["What is the weather in Bern?"], options);
        var (name, arguments) = ("", "");
        await foreach (var update in chat.CompleteChatStreamingAsync(["What is the weather in Bern?"], options))
        {
            foreach (var call in update.ToolCallUpdates)
            {
                name += call.FunctionName;
                arguments += call.FunctionArgumentsUpdate?.ToString();
            }
        }

        Assert.Equal(ChatFinishReason.ToolCalls, whole.FinishReason);
        Assert.Equal(("get_weather", """{"city":"Bern"}"""), (whole.ToolCalls[0].FunctionName, whole.ToolCalls[0].FunctionArguments.ToString()));
        Assert.Equal(("get_weather", """{"city":"Bern"}"""), (name, arguments));
    }

    [Fact]
    public async Task DotNet_gets_structured_output()
    {
        var options = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("person", BinaryData.FromString(Schema), jsonSchemaIsStrict: true) };

        ChatCompletion completion = await Client.GetChatClient("custom/m").CompleteChatAsync(["Who is it?"], options);

        Assert.Equal("Ada", JsonDocument.Parse(completion.Content[0].Text).RootElement.GetProperty("name").GetString());
        Assert.Contains(one.Hub.All, seen => JsonDocument.Parse(seen.Body).RootElement.TryGetProperty("response_format", out var format)
            && format.GetProperty("json_schema").GetProperty("strict").GetBoolean());
    }

    [Fact]
#pragma warning disable OPENAI001 // The SDK's makers may still change this part; the version is pinned.
    public async Task DotNet_gets_responses_whole_and_streamed()
    {
        var responses = Client.GetResponsesClient();

        ResponseResult whole = await responses.CreateResponseAsync("custom/m", "Say hello.");
        var streamed = "";
        await foreach (var update in await responses.CreateResponseStreamingAsync("custom/m", "Say hello."))
        {
            streamed += (update as StreamingResponseOutputTextDeltaUpdate)?.Delta;
        }

        Assert.Equal(("hello", "hello"), (whole.GetOutputText(), streamed));
    }
#pragma warning restore OPENAI001

    [Fact]
    public async Task Node_does_the_same()
    {
        var folder = Path.Combine(Checkout.Root, "tests", "clients", "openai-js");
        Assert.SkipUnless(Directory.Exists(Path.Combine(folder, "node_modules", "openai")), "the npm package openai is not installed (node and npm are needed; then: ./dev test)");

        var (exitCode, output) = await ChildProcess.RunAsync(
            "node", ["tools.mjs"], new Dictionary<string, string> { ["BASE_URL"] = one.BaseUrl.ToString(), ["TOKEN"] = one.Keypace.Folder.Token }, folder: folder);

        Assert.True(exitCode == 0, output);
        var seen = JsonDocument.Parse(output.Trim().Split('\n')[^1]).RootElement;
        Assert.Equal("""get_weather {"city":"Bern"}""", seen.GetProperty("tool").GetString());
        Assert.Equal("""get_weather {"city":"Bern"}""", seen.GetProperty("toolStreamed").GetString());
        Assert.Equal("Ada", seen.GetProperty("structured").GetString());
    }

    /// <summary>A hub that calls a tool when it is given one, and otherwise answers as it is asked to.</summary>
    public sealed class ToolHub : IAsyncLifetime
    {
        private RunningKeypace? _keypace;
        private CheckingHub? _hub;

        internal RunningKeypace Keypace => _keypace ?? throw new InvalidOperationException("Not started.");

        internal CheckingHub Hub => _hub ?? throw new InvalidOperationException("Not started.");

        internal Uri BaseUrl => new(Keypace.Address, "/v1");

        public async ValueTask InitializeAsync()
        {
            _hub = await CheckingHub.StartAsync(Answer);
            _keypace = await RunningKeypace.StartAsync();
            await _keypace.StoreKeyAsync(_hub.Address, Secrets.New(), "main", null);
        }

        public async ValueTask DisposeAsync()
        {
            if (_keypace is not null)
                await _keypace.DisposeAsync();

            if (_hub is not null)
                await _hub.DisposeAsync();
        }

        private static CheckingHub.Said Answer(CheckingHub.Seen seen)
        {
            if (seen.Body.Length == 0)
                return CheckingHub.Said.Json("""{"object":"list","data":[]}""");

            var body = JsonDocument.Parse(seen.Body).RootElement;
            var streams = body.TryGetProperty("stream", out var stream) && stream.GetBoolean();
            if (seen.Target.EndsWith("/responses", StringComparison.Ordinal))
            {
                return streams ? Events(
                    """{"type":"response.output_text.delta","sequence_number":1,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hel","logprobs":[]}""",
                    """{"type":"response.output_text.delta","sequence_number":2,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"lo","logprobs":[]}""")
                    : CheckingHub.Said.Json("""{"id":"resp_1","object":"response","created_at":1767225600,"status":"completed","model":"m","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"hello","annotations":[]}]}],"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}""");
            }

            if (!body.TryGetProperty("tools", out _))
                return CheckingHub.Said.Chat(body.TryGetProperty("response_format", out _) ? """{\"name\":\"Ada\"}""" : "hello");

            return streams ? Events(
                Chunk("""{"role":"assistant","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]}"""),
                Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"""),
                Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Bern\"}"}}]}"""),
                Chunk("{}", "tool_calls"))
                : CheckingHub.Said.Json("""{"id":"c","object":"chat.completion","created":1767225600,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Bern\"}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""");
        }

        private static string Chunk(string delta, string? end = null) =>
            $$"""{"id":"c","object":"chat.completion.chunk","created":1767225600,"model":"m","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{(end is null ? "null" : $"\"{end}\"")}}}]}""";

        private static CheckingHub.Said Events(params string[] events) =>
            new(200, "text/event-stream", [.. events.Select(data => $"data: {data}\n\n"), "data: [DONE]\n\n"]);
    }
}
