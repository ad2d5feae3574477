using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using KeepingHub = Keypace.Tests.Server.Gateway.RawHub;

namespace Keypace.Tests.Security;

/// <summary>Whatever headers a caller and a hub send: one credential reaches the hub, the key's; nothing of the caller's own; and no commands come back.</summary>
public sealed partial class T12HeaderHygieneTests
{
    // Written down apart from the lists under test: what no hub may see, and what no caller.
    private static readonly string[] CallersOwn =
    [
        "x-api-key", "api-key", "x-goog-api-key", "X-Access-Token", "x_api_key", "ApiKey", "X-Auth-Token", "X-Amz-Security-Token", "Proxy-Authorization", "Cookie", "Cookie2", "openai-api-key", "x-stainless-api-key",
        "Keep-Alive", "TE", "Trailer", "Proxy-Connection", "HTTP2-Settings", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP",
        "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Accel-Redirect", "X-Sendfile", "X-Host", "Origin", "Referer", "Sec-Fetch-Site", "Sec-WebSocket-Key", "x-keypace-caller", "x-keypace", "Max-Forwards",
    ];

    private static readonly string[] Passing = ["Accept", "User-Agent", "Range", "If-None-Match", "Idempotency-Key", "anthropic-beta", "openai-beta", "x-stainless-os", "x-stainless-arch", "traceparent", "x-client-request-id"];

    private static readonly string[] Commands =
    [
        "Set-Cookie", "Set-Cookie2", "X-Accel-Redirect", "X-Accel-Buffering", "X-Accel-Expires", "X-Sendfile", "X-Lighttpd-Send-File", "X-Reproxy-URL", "Link", "Service-Worker-Allowed", "SourceMap", "X-SourceMap", "Clear-Site-Data",
        "Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Strict-Transport-Security", "Public-Key-Pins", "Refresh", "Alt-Svc", "Proxy-Authenticate", "Authentication-Info", "NEL", "Report-To",
        "Content-Location-Hint", "X-Powered-By", "Server", "Via", "x-keypace-error", "x-keypace-key", "X-Frame-Options", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Timing-Allow-Origin", "Early-Data",
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_drawn_headers_only_what_may_passes_either_way()
    {
        var threat = new Threat("T12", "header hygiene");
        var random = new Random(threat.Seed);
        var secrets = new Dictionary<string, string> { ["one"] = "sk-test-not-a-real-key-hygiene-1", ["two"] = "sk-test-not-a-real-key-hygiene-2" };
        var (said, head) = ("", "");
        var secretOfConnection = new System.Runtime.CompilerServices.ConditionalWeakTable<object, string>();
        var isShared = false;
        await using var hub = new KeepingHub((request, connection) =>
        {
            head = request;
            var credential = CredentialLines().Match(request).Value;
            isShared |= secretOfConnection.GetValue(connection.Same, _ => credential) != credential;
            return connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{said}Content-Length: 2\r\n\r\n{{}}");
        });
        await using var server = await SecurityServer.StartAsync();
        foreach (var (name, secret) in secrets)
            await server.StoreKeyAsync(name, hub.Url[..^3], secret);
        using var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, UseProxy = false }) { BaseAddress = server.Address };
        for (var index = 0; index < Threat.Cases(400, 100_000); index++)
        {
            var name = random.Next(2) == 0 ? "one" : "two";
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/keys/{name}/v1/x");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
            var sent = new List<string>();
            for (var count = random.Next(12); count > 0; count--)
            {
                var header = random.Next(3) switch { 0 => Passing[random.Next(Passing.Length)], 1 => CallersOwn[random.Next(CallersOwn.Length)], _ => "x-" + Word(random) };
                request.Headers.TryAddWithoutValidation(header, random.Next(4) == 0 ? $"a {server.Token} b" : Word(random));
                sent.Add(header);
            }

            var named = random.Next(3) == 0 ? Passing[random.Next(Passing.Length)] : null;
            if (named is not null)
                request.Headers.TryAddWithoutValidation("Connection", named);
            var commands = Enumerable.Range(0, random.Next(6)).Select(_ => Commands[random.Next(Commands.Length)]).Distinct().ToArray();
            said = string.Concat(commands.Select(command => $"{command}: evil-{index}\r\n"));
            head = "";
            using var answer = await http.SendAsync(request, Ct);

            var arrived = head.Split("\r\n").Skip(1).Where(line => line.Contains(':', StringComparison.Ordinal)).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]).ToList();
            var credentials = CredentialLines().Matches(head).Select(match => match.Value.Trim()).ToList();
            var back = answer.Headers.Concat(answer.Content.Headers).ToList();
            // Two words for who asks are one that may be too long, which is refused, and nothing is sent.
            var isTooLong = answer.StatusCode == HttpStatusCode.BadRequest && head.Length == 0 && sent.Count(header => header == "x-keypace-caller") > 1;
            threat.Check(
                isTooLong || answer.StatusCode == HttpStatusCode.OK
                    && credentials is [var only] && only == $"Authorization: Bearer {secrets[name]}"
                    && !head.Contains("kpa_", StringComparison.Ordinal)
                    && !arrived.Any(header => CallersOwn.Contains(header, StringComparer.OrdinalIgnoreCase) || header.StartsWith("x-", StringComparison.OrdinalIgnoreCase) && !Passing.Contains(header, StringComparer.OrdinalIgnoreCase))
                    && (named is null || !arrived.Contains(named, StringComparer.OrdinalIgnoreCase))
                    && arrived.Count == arrived.Distinct(StringComparer.OrdinalIgnoreCase).Count()
                    && !back.Any(header => string.Concat(header.Value).Contains("evil-", StringComparison.Ordinal))
                    && !isShared,
                () => $"{(int)answer.StatusCode}; sent {string.Join(' ', sent)}, Connection: {named}; the hub got\n{head}\nand said {string.Join(' ', commands)}; the caller got {string.Join(' ', back.Select(one => one.Key))}; shared connection: {isShared}");
        }

        threat.Done();
    }

    [Fact]
    public async Task Controls_in_a_header_end_the_connection()
    {
        var threat = new Threat("T12", "controls in headers");
        await using var hub = new RawHub(RawHub.Chat);
        await using var server = await SecurityServer.StartAsync();
        await server.StoreKeyAsync("controls", hub.Address, "sk-test-not-a-real-key-controls");
        var start = $"GET /keys/controls/v1/x HTTP/1.1\r\nHost: {server.Address.Authority}\r\nAuthorization: Bearer {server.Token}\r\n";
        foreach (var control in "\0\r\n")
        {
            foreach (var line in new[] { $"x-stainless-os: a{control}b", $"x-stainless{control}os: ab", $"x-stainless-os{control}: ab", $"x-stainless-os: {control}Cookie: a=b", $"{control}x-stainless-os: ab", $"User-Agent: a{control}{control}b", $"Accept: {control}" })
            {
                var (text, isClosed) = await server.SendRawAsync($"{start}{line}\r\n\r\n");
                threat.Check(text.StartsWith("HTTP/1.1 400", StringComparison.Ordinal) && isClosed && hub.Heads.Count == 0, () => $"{line.Replace("\0", "\\0", StringComparison.Ordinal)}: {text.Split('\r')[0]}, closed {isClosed}, {hub.Heads.Count} reached the hub");
            }
        }

        threat.Done();
    }

    private static string Word(Random random) => string.Create(random.Next(1, 20), random, static (text, random) =>
    {
        for (var at = 0; at < text.Length; at++)
            text[at] = "abcdefghijklmnopqrstuvwxyz0123456789"[random.Next(36)];
    });

    [GeneratedRegex("^(?!idempotency-key:)[^\r\n:]*(auth|key|token|secret|cookie)[^\r\n:]*:[^\r\n]*", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex CredentialLines();
}
