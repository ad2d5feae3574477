using System.Text;

namespace Keypace.Tests.Security;

/// <summary>A hub that says the key back, in whatever clothes and wherever: nobody who asks here can read it.</summary>
public sealed class T08ReflectionTests
{
    private const string Secret = "sk-test-not/a+real?key-0001~ZqW9";

    private static readonly (string Name, Func<string, string> Wear)[] Clothes =
    [
        ("plain", text => text),
        ("base64", text => Base64(text)),
        ("base64 after one", text => Base64("x" + text)),
        ("base64 after two", text => Base64("xy" + text)),
        ("base64 of the header", text => Base64("Authorization: Bearer " + text + "\r\n")),
        ("url-safe base64", text => Base64(text).Replace('+', '-').Replace('/', '_').TrimEnd('=')),
        ("hex", text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text))),
        ("HEX", text => Convert.ToHexString(Encoding.UTF8.GetBytes(text))),
        ("url", Uri.EscapeDataString),
        ("url of all", text => Each(text, one => $"%{one:x2}")),
        ("url of all, large", text => Each(text, one => $"%{one:X2}")),
        ("unicode escapes", text => Each(text, one => $"\\u{one:x4}")),
        ("half escaped", text => string.Concat(text.Select((one, at) => at % 2 == 0 ? $"\\u{(int)one:X4}" : $"{one}"))),
    ];

    private static readonly (string Name, Func<string, string> Say, bool IsError)[] Places =
    [
        ("a 200", worn => RawHub.Ok($$$"""{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"{{{worn}}}"}}]}"""), false),
        ("a member's name", worn => RawHub.Ok($$$"""{"choices":[{"index":0,"message":{"content":"x"}}],"{{{worn}}}":1}"""), false),
        ("a 400", worn => Error("400 Bad", $$$"""{"error":{"message":"Bad key {{{worn}}}."}}"""), true),
        ("a 401", worn => Error("401 No", $$$"""{"error":{"message":"Incorrect API key provided: {{{worn}}}."}}"""), true),
        ("a 403 in text", worn => Error("403 No", $"Key {worn} may not."), true),
        ("a 402", worn => Error("402 Pay", $$$"""{"error":{"message":"Limit of {{{worn}}} reached."}}"""), true),
        ("a 500", worn => Error("500 No", $"trace: Authorization: Bearer {worn}"), true),
        ("a header", worn => RawHub.Ok("{}", $"openai-organization: {worn}\r\nx-ratelimit-note: a {worn} b\r\nrequest-id: {worn}\r\nx-request-id: {worn}\r\n"), false),
        ("a Location", worn => $"HTTP/1.1 303 See\r\nLocation: /v1/x?key={worn}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false),
        ("a reason", worn => $"HTTP/1.1 400 {worn}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}", true),
        ("a type", worn => $"HTTP/1.1 200 OK\r\nContent-Type: text/plain; x=\"{worn}\"\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}", false),
        ("chunks of a byte", worn => Chunked($$$"""{"choices":[{"index":0,"message":{"content":"{{{worn}}}"}}]}""", "application/json"), false),
        ("a stream in chunks of a byte", worn => Chunked($$$$"""data: {"choices":[{"delta":{"content":"{{{{worn}}}}"}}]}""" + "\n\ndata: [DONE]\n\n", "text/event-stream"), false),
        ("a trailer", worn => $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-model\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\nx-model: {worn}\r\n\r\n", false),
    ];

    [Fact]
    public async Task No_clothes_and_no_place_tell_it()
    {
        var threat = new Threat("T8", "what a hub says back");
        var said = "";
        await using var hub = new RawHub((_, write) => write(said));
        await using var server = await SecurityServer.StartAsync();
        await server.StoreKeyAsync("echo", hub.Address, Secret);
        foreach (var (clothes, wear) in Clothes)
        {
            var worn = wear(Secret);
            foreach (var (place, say, isError) in Places)
            {
                said = say(worn);
                foreach (var path in new[] { "/v1/chat/completions", "/keys/echo/v1/x", "/v1/chat_complete" })
                    await AskAsync(threat, hub, server, path, $"{clothes} in {place}", worn, isError);
            }
        }

        threat.Check(!server.Log.Contains(Secret, StringComparison.Ordinal), () => "the log has it");
        threat.Done();
    }

    [Fact]
    public async Task Split_at_every_byte_over_pieces_and_events_it_is_not_told_either()
    {
        var threat = new Threat("T8", "said back in two pieces");
        var pieces = Array.Empty<string>();
        await using var hub = new RawHub(async (_, write) =>
        {
            await write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
            foreach (var piece in pieces)
                await write(piece);
        });
        await using var server = await SecurityServer.StartAsync();
        await server.StoreKeyAsync("echo", hub.Address, Secret);
        for (var cut = 0; cut <= Secret.Length; cut++)
        {
            var (first, second) = (Secret[..cut], Secret[cut..]);
            pieces = ["""data: {"choices":[{"delta":{"content":" """ + first, second + " \"}}]}\n\n"];
            await AskAsync(threat, hub, server, "/keys/echo/v1/x", $"cut at {cut}", Secret, false);
            pieces = [Event(first), Event(second)];
            var (_, text, _) = await server.ChatAsync("echo");
            var heard = string.Concat(text.Split("\"content\":\"").Skip(1).Select(part => part[..part.IndexOf('"', StringComparison.Ordinal)]));
            threat.Check(!heard.Contains(Secret, StringComparison.Ordinal), () => $"over two events at {cut}: {text}");
        }

        threat.Done();
    }

    [Fact]
    public async Task In_errors_no_eight_characters_of_it_pass()
    {
        var threat = new Threat("T8", "pieces of it in errors");
        var random = new Random(threat.Seed);
        var said = "";
        await using var hub = new RawHub((_, write) => write(said));
        await using var server = await SecurityServer.StartAsync();
        await server.StoreKeyAsync("echo", hub.Address, Secret);
        for (var index = 0; index < Threat.Cases(100, 5_000); index++)
        {
            var from = random.Next(Secret.Length - 8);
            var piece = Secret.Substring(from, random.Next(8, Secret.Length - from + 1));
            var status = ((int[])[400, 401, 403, 404, 422, 500, 503])[random.Next(7)];
            said = Error($"{status} No", $$$"""{"error":{"message":"Key {{{piece}}}... is wrong","param":"{{{piece}}}"}}""");
            await AskAsync(threat, hub, server, random.Next(2) == 0 ? "/v1/chat/completions" : "/keys/echo/v1/x", $"{piece} in a {status}", Secret, true);
        }

        threat.Done();
    }

    private static async Task AskAsync(Threat threat, RawHub hub, SecurityServer server, string path, string what, string worn, bool isError)
    {
        var before = hub.Heads.Count;
        var isRefused = true;
        try
        {
            var body = path == "/v1/chat_complete" ? """{"prompt":"hi","completion_params":{"api_key":"echo","model":"m"}}""" : """{"model":"m","messages":[{"role":"user","content":"hi"}]}""";
            var (status, text, headers) = await server.SendAsync(HttpMethod.Post, path, body, ("x-keypace-key", "echo"), ("x-keypace-max-wait", "0"));
            isRefused = status >= 400;
            var all = $"{text}\n{headers}";
            // Base64 says up to three characters at each end together with what stands beside the secret.
            var core = worn.Length > 44 ? worn[6..^6] : worn;
            var longest = isError ? LongestRun(all) : 0;
            threat.Check(
                !all.Contains(core, StringComparison.OrdinalIgnoreCase) && !all.Contains(Secret, StringComparison.Ordinal) && longest < 8,
                () => $"{path}, {what}: {status}, a run of {longest}: {all}");
        }
        catch (HttpRequestException)
        {
            threat.Check(true, () => "");   // the head had left: the connection is cut
        }

        threat.Check(hub.Heads.Count > before, () => $"{path}, {what}: the hub was not asked, so that nothing was tried");
        if (isRefused)
            await server.SendAsync(HttpMethod.Delete, "/v1/api-keys/echo/lessons");   // no pause, and no model that is refused here next time
    }

    private static int LongestRun(string text)
    {
        var longest = 0;
        for (var from = 0; from < Secret.Length; from++)
        {
            while (from + longest < Secret.Length && text.Contains(Secret.Substring(from, longest + 1), StringComparison.Ordinal))
                longest++;
        }

        return longest;
    }

    private static string Event(string content) => $$$"""data: {"choices":[{"delta":{"content":"{{{content}}}"}}]}""" + "\n\n";

    private static string Error(string status, string body) =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}";

    private static string Chunked(string body, string type) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{string.Concat(body.Select(one => $"1\r\n{one}\r\n"))}0\r\n\r\n";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Each(string text, Func<int, string> said) => string.Concat(text.Select(one => said(one)));
}
