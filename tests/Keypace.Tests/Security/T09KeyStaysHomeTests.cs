namespace Keypace.Tests.Security;

/// <summary>A hub's redirects, and whatever a caller adds to its query, take the key nowhere else.</summary>
public sealed class T09KeyStaysHomeTests
{
    private const string Secret = "sk-test-not-a-real-key-stays-home";

    private static readonly int[] Codes = [300, 301, 302, 303, 307, 308];

    [Fact]
    public async Task Redirects_and_overrides_lead_no_key_to_another_place()
    {
        var threat = new Threat("T9", "the key stays home");
        await using var thief = new RawHub(RawHub.Chat);
        var there = new Uri(thief.Address);
        string[] locations =
        [
            $"{thief.Address}/v1/chat/completions", $"//{there.Authority}/v1", $"http:{there.Authority}", $"http://user:pass@{there.Authority}/", $"HTTP://{there.Authority}/v1",
            $"/\\{there.Authority}/v1", $"\\\\{there.Authority}\\v1", $" {thief.Address}/", $"http://localhost:{there.Port}/", $"http://[::ffff:127.0.0.1]:{there.Port}/",
            "/elsewhere", "?key=1",
        ];
        // Each style is how a caller's SDK sends its token; the hub sees the key in its own header all the same.
        string[] styles = ["Authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"];
        var answer = "";
        await using var hub = new RawHub((_, write) => write(answer));
        await using var server = await SecurityServer.StartAsync();
        await server.StoreKeyAsync("home", hub.Address, Secret);
        foreach (var code in Codes)
        {
            foreach (var location in locations)
            {
                answer = $"HTTP/1.1 {code} Moved\r\nLocation: {location}\r\nRefresh: 0; url={location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                foreach (var style in styles.Take(Threat.Cases(1, 5)))
                {
                    var before = hub.Heads.Count;
                    var (status, text, headers) = await server.SendAsync(
                        HttpMethod.Get, "/keys/home/v1/models", null, (style is "Authorization" or "cookie" ? "x-test" : style, "x"));
                    var leads = headers.Location?.OriginalString ?? "";
                    threat.Check(
                        thief.Heads.Count == 0 && hub.Heads.Count - before <= 2 && !text.Contains(Secret, StringComparison.Ordinal) && (leads.Length == 0 || leads.StartsWith("/keys/home", StringComparison.Ordinal)),
                        () => $"{code} {location} {style}: {status}, Location '{leads}', the thief saw {thief.Heads.Count}");
                }
            }
        }

        answer = RawHub.Chat;
        foreach (var member in new[] { "api_base", "base_url", "url", "endpoint", "host", "api_key", "hub", "agent_url", "custom_api_base", "proxy" })
        {
            var (status, _, _) = await server.SendAsync(HttpMethod.Post, "/v1/chat/completions", $$$"""{"model":"m","messages":[],"{{{member}}}":"{{{thief.Address}}}/v1"}""", ("x-keypace-key", "home"));
            threat.Check(thief.Heads.Count == 0 && status is 200 or >= 400 and < 500, () => $"body {member}: {status}");
            (status, _, _) = await server.SendAsync(HttpMethod.Post, $"/v1/chat/completions?{member}={Uri.EscapeDataString(thief.Address)}", """{"model":"m","messages":[]}""", ("x-keypace-key", "home"));
            threat.Check(thief.Heads.Count == 0 && status < 500, () => $"query {member}: {status}");
        }

        foreach (var name in new[] { "X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "X-Host", "Forwarded", "X-Api-Base", "Api-Base", "X-Base-URL", "X-Forwarded-Server", "Proxy" })
        {
            var (status, _, _) = await server.ChatAsync("home", (name, thief.Address));
            var arrived = hub.Heads.Last();
            threat.Check(
                thief.Heads.Count == 0 && status == 200 && !arrived.Contains($"\r\n{name}:", StringComparison.OrdinalIgnoreCase) && !arrived.Contains(there.Authority, StringComparison.Ordinal),
                () => $"header {name}: {status}, the hub got\n{arrived}");
        }

        threat.Done();
    }
}
