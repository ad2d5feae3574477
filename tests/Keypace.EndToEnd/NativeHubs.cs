using System.Text;
using System.Text.Json;
using Keypace.Tests.Domain.Protocols;

namespace Keypace.EndToEnd;

/// <summary>
/// A Keypace with one key on Anthropic, one on Bedrock and one on an agent there, each led to a pretend hub. What a hub answers hangs on the model
/// that it is asked for, so that one Keypace serves all tests.
/// </summary>
public sealed class NativeHubs : IAsyncLifetime
{
    internal const string AccessKey = "not-a-real-access-key-0001";
    internal const string SecretAccessKey = "not-a-real-secret-access-key/with+signs=";
    internal const string SessionToken = "not-a-real-session-token-0001";
    internal const string AnthropicKey = "sk-ant-not-a-real-key-0001";

    private const string MessageStart = """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}""";

    internal RunningKeypace Keypace { get; private set; } = null!;

    internal NativeHub Anthropic { get; private set; } = null!;

    internal NativeHub Bedrock { get; private set; } = null!;

    internal NativeHub Agents { get; private set; } = null!;

    /// <summary>A hub that knows OpenAI's chat and nothing else.</summary>
    internal NativeHub Chat { get; private set; } = null!;

    internal Api Api => Keypace.Api;

    public async ValueTask InitializeAsync()
    {
        Anthropic = await NativeHub.StartAsync(AnthropicReply);
        Bedrock = await NativeHub.StartAsync(BedrockReply);
        Agents = await NativeHub.StartAsync(AgentReply);
        Chat = await NativeHub.StartAsync(ChatHub.Reply);
        Keypace = await RunningKeypace.StartAsync(("KEYPACE_GATEWAY__IDLESECONDS", "2"));
        await StoreAsync(new { name = "claude", hub = "anthropic", value = AnthropicKey, url = Anthropic.Address + "/v1", rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 });
        await StoreAsync(new { name = "chat", hub = "mistral", value = "not-a-real-key-0001", url = Chat.Address + "/v1", rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 });
        var aws = new { region = "eu-central-1", access_key = AccessKey, secret_access_key = SecretAccessKey, session_token = SessionToken };
        await StoreAsync(new { name = "rock", hub = "bedrock", value = "", url = Bedrock.Address, hub_config = aws, rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 });
        await StoreAsync(new { name = "rock by key", hub = "bedrock_custom", value = "", url = Bedrock.Address, hub_config = new { region = "eu-central-1", api_key = "ABSKnot-a-real-key-0001" } });
        var agent = new { region = "eu-central-1", access_key = AccessKey, secret_access_key = SecretAccessKey, agent_id = "AGENT1", agent_alias_id = "ALIAS1" };
        await StoreAsync(new { name = "clerk", hub = "bedrockAgents", value = "", url = Agents.Address, hub_config = agent, rate_limit_per_interval = 1_000_000, rate_limit_interval = 1 });
    }

    public async ValueTask DisposeAsync()
    {
        await Keypace.DisposeAsync();
        await Anthropic.DisposeAsync();
        await Bedrock.DisposeAsync();
        await Agents.DisposeAsync();
        await Chat.DisposeAsync();
    }

    private async Task StoreAsync(object key) => (await Api.PostAsync("/v1/api-keys", key)).MustBe(200);

    internal static NativeReply AnthropicReply(NativeRequest request)
    {
        if (request.Header("x-api-key") != AnthropicKey || request.Header("anthropic-version") is null || request.Header("authorization") is not null)
            return NativeReply.Json(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""");
        if (request.Target == "/v1/models")
            return NativeReply.Json(200, """{"data":[{"type":"model","id":"claude-x","display_name":"Claude X"}],"has_more":false}""");
        if (request.Target != "/v1/messages")
            return NativeReply.Json(404, """{"type":"error","error":{"type":"not_found_error","message":"Not Found"}}""");
        var asked = JsonDocument.Parse(request.Body).RootElement;
        var streams = asked.TryGetProperty("stream", out var stream) && stream.GetBoolean();
        var wantsTool = asked.TryGetProperty("tools", out _) && asked.GetProperty("messages").GetArrayLength() == 1;
        var model = asked.GetProperty("model").GetString()!;
        return model switch
        {
            "no-such-model" => NativeReply.Json(404, """{"type":"error","error":{"type":"not_found_error","message":"model: no-such-model"}}"""),
            "overloaded" => NativeReply.Json(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"""),
            "half a 429" => NativeReply.Json(429, """{"type":"error","error":{"type":"rate""") with { Stalls = true },
            "half a 403" => NativeReply.Json(403, """{"type":"error","error":{"type":"permi""") with { Stalls = true },
            "spent" => NativeReply.Json(429, """{"type":"error","error":{"type":"rate_limit_error","message":"Spend limit","details":{"error_code":"enforced_spend_limit_reached"}}}"""),
            "page" => new NativeReply(200, "text/html", "<html>Hello</html>"u8.ToArray()),
            "silence" => NativeReply.Json(200, ""),
            "inside" => NativeReply.Json(200, """{"type":"error","error":{"type":"api_error","message":"Oh no"}}"""),
            "broken" => Events(MessageStart, """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}"""),
            "stalled" => Events(MessageStart, """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}""") with { Stalls = true },
            "failing" => Events(MessageStart, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"""),
            "echo" => NativeReply.Json(200, $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"echo","content":[{"type":"text","text":"{{{request.Header("x-api-key")}}}"}],"stop_reason":"end_turn","usage":{"input_tokens":9,"output_tokens":4}}"""),
            _ when streams && wantsTool => Events(
                MessageStart, """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"\"Köln\"}"}}""",
                """{"type":"content_block_stop","index":0}""", """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":4}}""", """{"type":"message_stop"}"""),
            _ when streams => Events(
                MessageStart, """{"type":"ping"}""", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
                """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello "}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"there."}}""",
                """{"type":"content_block_stop","index":0}""", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}""", """{"type":"message_stop"}"""),
            _ when wantsTool => NativeReply.Json(200, """{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Köln"}}],"stop_reason":"tool_use","usage":{"input_tokens":9,"output_tokens":4}}"""),
            _ => NativeReply.Json(200, """{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hello there."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":4}}""", ("request-id", "req_hub_1")),
        };
    }

    internal static NativeReply BedrockReply(NativeRequest request)
    {
        var parts = request.Target.Split('/');
        if (parts is not ["", "model", var model, var verb] || request.Header("authorization") is null)
            return NativeReply.Json(404, """{"message":"Unknown operation"}""", ("x-amzn-ErrorType", "UnknownOperationException"));
        var body = JsonDocument.Parse(request.Body).RootElement;
        if (!body.TryGetProperty("messages", out var messages))
            return NativeReply.Json(400, """{"message":"messages is missing"}""", ("x-amzn-ErrorType", "ValidationException"));
        var wantsTool = body.TryGetProperty("toolConfig", out _) && messages.GetArrayLength() == 1;
        return (Uri.UnescapeDataString(model), verb, wantsTool) switch
        {
            ("refused", _, _) => NativeReply.Json(403, """{"message":"The security token included in the request is invalid."}""", ("x-amzn-ErrorType", "UnrecognizedClientException")),
            ("no-quota", _, _) => NativeReply.Json(400, """{"message":"Quota is 0"}""", ("x-amzn-ErrorType", "ServiceQuotaExceededException:http://internal")),
            ("missing", _, _) => NativeReply.Json(404, """{"message":"No such model"}""", ("x-amzn-ErrorType", "ResourceNotFoundException")),
            ("page", _, _) => new NativeReply(200, "text/html", "<html>Hello</html>"u8.ToArray()),
            ("throttled", "converse-stream", _) => Frames("""[{"messageStart":{"role":"assistant"}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hel"}}},{"exception":"throttlingException","payload":{"message":"Too many tokens"}}]"""),
            ("flipped", "converse-stream", _) => Flipped(),
            (_, "converse-stream", true) => Frames("""[{"messageStart":{"role":"assistant"}},{"contentBlockStart":{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"toolu_1","name":"weather"}}}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"city\":"}}}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"toolUse":{"input":"\"Köln\"}"}}}},{"contentBlockStop":{"contentBlockIndex":0}},{"messageStop":{"stopReason":"tool_use"}},{"metadata":{"usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}}]"""),
            (_, "converse-stream", _) => Frames("""[{"messageStart":{"role":"assistant"}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hello "}}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"there."}}},{"contentBlockStop":{"contentBlockIndex":0}},{"messageStop":{"stopReason":"end_turn"}},{"metadata":{"usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}}]"""),
            (_, "converse", true) => NativeReply.Json(200, """{"output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"toolu_1","name":"weather","input":{"city":"Köln"}}}]}},"stopReason":"tool_use","usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}"""),
            _ => NativeReply.Json(200, """{"output":{"message":{"role":"assistant","content":[{"text":"Hello there."}]}},"stopReason":"end_turn","usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13},"metrics":{"latencyMs":5}}"""),
        };
    }

    internal static NativeReply AgentReply(NativeRequest request)
    {
        if (!request.Target.StartsWith("/agents/AGENT1/agentAliases/ALIAS1/sessions/", StringComparison.Ordinal) || !request.Target.EndsWith("/text", StringComparison.Ordinal))
            return NativeReply.Json(404, """{"message":"No such agent"}""", ("x-amzn-ErrorType", "ResourceNotFoundException"));
        return Frames($$$"""[{"chunk":{"bytes":"{{{Convert.ToBase64String("Hello "u8)}}}"}},{"chunk":{"bytes":"{{{Convert.ToBase64String("there."u8)}}}"}}]""");
    }

    private static NativeReply Events(params string[] events) =>
        new(200, "text/event-stream", Encoding.UTF8.GetBytes(string.Concat(events.Select(each => $"event: {JsonDocument.Parse(each).RootElement.GetProperty("type").GetString()}\ndata: {each}\n\n"))));

    private static NativeReply Frames(string events) =>
        new(200, "application/vnd.amazon.eventstream", NativeStreams.Aws(JsonDocument.Parse(events).RootElement.EnumerateArray()));

    private static NativeReply Flipped()
    {
        var reply = Frames("""[{"messageStart":{"role":"assistant"}},{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Hel"}}},{"messageStop":{"stopReason":"end_turn"}}]""");
        reply.Body[^20] ^= 1;
        return reply;
    }
}
