using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Keypace.EndToEnd;

/// <summary>What a hub says that knows OpenAI's chat completions and no other route.</summary>
internal static class ChatHub
{
    private const string Usage = """{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}""";

    public static NativeReply Reply(NativeRequest request)
    {
        if (request.Target != "/v1/chat/completions")
            return NativeReply.Json(404, """{"detail":"Not Found"}""");
        var asked = JsonDocument.Parse(request.Body).RootElement;
        if (asked.GetProperty("model").GetString() == "no-such-model")
            return NativeReply.Json(404, """{"error":{"message":"No such model.","type":"invalid_request_error","param":"model","code":"model_not_found"}}""");
        var wantsTool = asked.TryGetProperty("tools", out _) && asked.GetProperty("messages").EnumerateArray().All(message => message.GetProperty("role").GetString() != "tool");
        var streams = asked.TryGetProperty("stream", out var stream) && stream.GetBoolean();
        return (streams, wantsTool) switch
        {
            (false, false) => Whole("""{"role":"assistant","content":"Hello there."}""", "stop"),
            (false, true) => Whole("""{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Köln\"}"}}]}""", "tool_calls"),
            (true, false) => Chunks("stop", """{"content":"Hello "}""", """{"content":"there."}"""),
            (true, true) => Chunks(
                "tool_calls", """{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]}""",
                """{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""", """{"tool_calls":[{"index":0,"function":{"arguments":"\"Köln\"}"}}]}"""),
        };
    }

    private static NativeReply Whole(string message, string finish) => NativeReply.Json(
        200, $$"""{"id":"c-1","object":"chat.completion","created":1,"model":"some","choices":[{"index":0,"message":{{message}},"finish_reason":"{{finish}}"}],"usage":{{Usage}}}""");

    private static NativeReply Chunks(string finish, params string[] deltas)
    {
        var said = new StringBuilder();
        foreach (var delta in deltas)
            said.Append(CultureInfo.InvariantCulture, $$"""data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"some","choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}""").Append("\n\n");
        said.Append(CultureInfo.InvariantCulture, $$"""data: {"id":"c-1","object":"chat.completion.chunk","created":1,"model":"some","choices":[{"index":0,"delta":{},"finish_reason":"{{finish}}"}],"usage":{{Usage}}}""").Append("\n\ndata: [DONE]\n\n");
        return new NativeReply(200, "text/event-stream", Encoding.UTF8.GetBytes(said.ToString()));
    }
}
