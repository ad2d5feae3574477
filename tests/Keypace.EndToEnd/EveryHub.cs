using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// One Keypace whose hub files all lead to one pretend hub: the program's own files, with nothing changed but scheme, host and port. What arrives
/// there is what would arrive at the real hub. A credential with the word <c>wrong</c> in it is refused as each hub refuses one.
/// </summary>
public sealed class EveryHub : IAsyncLifetime
{
    internal const string Text = "Hello there.";

    private const string Usage = """{"prompt_tokens":9,"completion_tokens":4,"total_tokens":13}""";

    internal RunningKeypace Keypace { get; private set; } = null!;

    internal NativeHub Hub { get; private set; } = null!;

    internal Api Api => Keypace.Api;

    public async ValueTask InitializeAsync()
    {
        Hub = await NativeHub.StartAsync(Reply);
        Keypace = await RunningKeypace.StartAsync();
        var folder = Directory.CreateDirectory(Path.Combine(Keypace.Folder.Data, "hubs")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Checkout.Root, "src", "Keypace.Domain", "Hubs"), "*.json"))
        {
            var lines = from line in await File.ReadAllLinesAsync(file)
                        select line.Contains("\"base_url\": \"https://", StringComparison.Ordinal) || line.Contains("\"token_url\": \"https://", StringComparison.Ordinal) ? Here(line) : line;
            await File.WriteAllLinesAsync(Path.Combine(folder, Path.GetFileName(file)), lines);
        }

        await Keypace.ServeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Keypace.DisposeAsync();
        await Hub.DisposeAsync();
    }

    /// <summary>What reached the hub since <paramref name="before"/> requests, without the exchange of credentials for access tokens.</summary>
    internal IReadOnlyList<NativeRequest> SeenSince(int before) => [.. Hub.Seen.Skip(before).Where(request => !IsTokenEndpoint(request.Target))];

    /// <summary>A service account's file as Google gives it out, with a key of this moment.</summary>
    internal static string ServiceAccount()
    {
        using var rsa = RSA.Create(2048);
        return JsonSerializer.Serialize(new { type = "service_account", client_email = "robot@p-1.iam.gserviceaccount.com", private_key_id = "k1", private_key = rsa.ExportPkcs8PrivateKeyPem(), token_uri = "https://oauth2.googleapis.com/token" });
    }

    /// <summary>The line with the pretend hub's origin in place of the address's own.</summary>
    private string Here(string line)
    {
        var from = line.IndexOf("https://", StringComparison.Ordinal);
        var to = line.IndexOfAny(['/', '"'], from + "https://".Length);
        return line[..from] + Hub.Address + line[to..];
    }

    private static bool IsTokenEndpoint(string target) => target is "/token" or "/tenant-1/oauth2/v2.0/token";

    private static NativeReply Reply(NativeRequest request)
    {
        var body = Encoding.UTF8.GetString(request.Body);
        var isWrong = body.Contains("wrong", StringComparison.Ordinal) || request.Headers.Any(header => header.Value.Contains("wrong", StringComparison.Ordinal));
        if (IsTokenEndpoint(request.Target))
        {
            return isWrong
                ? NativeReply.Json(400, """{"error":"invalid_grant","error_description":"Token has been expired or revoked."}""")
                : NativeReply.Json(200, """{"access_token":"ya29.not-a-real-token","expires_in":3599,"token_type":"Bearer"}""");
        }

        var path = request.Target.Split('?')[0];
        if (path.StartsWith("/model/", StringComparison.Ordinal) || path.StartsWith("/agents/", StringComparison.Ordinal))
            return isWrong ? NativeReply.Json(403, """{"message":"The security token included in the request is invalid."}""", ("x-amzn-ErrorType", "UnrecognizedClientException")) : Aws(request, path);
        if (isWrong)
            return NativeReply.Json(401, """{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}""");
        if (path == "/v1/messages")
            return NativeHubs.AnthropicReply(request);
        return request.Method == "GET" ? Listed(path) : Said(path, body);
    }

    private static NativeReply Aws(NativeRequest request, string path)
    {
        if (request.Body.AsSpan().SequenceEqual("{}"u8))
            return NativeReply.Json(400, """{"message":"1 validation error detected"}""", ("x-amzn-ErrorType", "ValidationException"));
        return path.StartsWith("/agents/", StringComparison.Ordinal) ? NativeHubs.AgentReply(request) : NativeHubs.BedrockReply(request);
    }

    private static NativeReply Listed(string path) => path switch
    {
        "/v1beta1/publishers/google/models" => NativeReply.Json(200, """{"publisherModels":[{"name":"publishers/google/models/model-a"}]}"""),
        _ when path.EndsWith("/models", StringComparison.Ordinal) => NativeReply.Json(200, """{"object":"list","data":[{"id":"model-a","object":"model"}]}"""),
        _ when path.EndsWith("/key", StringComparison.Ordinal) || path.EndsWith("/api-key", StringComparison.Ordinal) => NativeReply.Json(200, "{}"),
        _ => NativeReply.Json(404, """{"error":{"message":"Not Found"}}"""),
    };

    private static NativeReply Said(string path, string body)
    {
        var asked = JsonDocument.Parse(body).RootElement;
        var streams = asked.TryGetProperty("stream", out var stream) && stream.GetBoolean();
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            if (asked.GetProperty("messages").GetArrayLength() == 0)
                return NativeReply.Json(400, """{"error":{"message":"messages is empty"}}""");
            return streams ? Streamed(asked) : NativeReply.Json(200, $$$"""{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{Text}}}"},"finish_reason":"stop"}],"usage":{{{Usage}}}}""");
        }

        return path switch
        {
            "/ask" => NativeReply.Json(200, $$"""{"text":"{{Text}}"}"""),
            _ when path.EndsWith("/completions", StringComparison.Ordinal) => NativeReply.Json(200, $$$"""{"id":"c","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"{{{Text}}}","finish_reason":"stop"}],"usage":{{{Usage}}}}"""),
            _ when path.EndsWith("/embeddings", StringComparison.Ordinal) => NativeReply.Json(200, """{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.25,-0.5]}],"usage":{"prompt_tokens":9,"total_tokens":9}}"""),
            _ when path.EndsWith("/responses", StringComparison.Ordinal) => NativeReply.Json(200, $$$"""{"id":"r","object":"response","status":"completed","model":"m","output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"{{{Text}}}"}]}],"usage":{"input_tokens":9,"output_tokens":4,"total_tokens":13}}"""),
            _ => NativeReply.Json(404, """{"error":{"message":"Not Found"}}"""),
        };
    }

    /// <summary>Token counts in a chunk of their own for those who ask for them; with the last words for all others.</summary>
    private static NativeReply Streamed(JsonElement asked)
    {
        var isAsked = asked.TryGetProperty("stream_options", out var options) && options.GetProperty("include_usage").GetBoolean();
        var chunk = $$$"""data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"{{{Text}}}"},"finish_reason":"stop"}]{{{(isAsked ? "" : $",\"usage\":{Usage}")}}}}""";
        var counts = isAsked ? $$"""data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{{Usage}}}""" + "\n\n" : "";
        return new NativeReply(200, "text/event-stream", Encoding.UTF8.GetBytes(chunk + "\n\n" + counts + "data: [DONE]\n\n"));
    }
}
