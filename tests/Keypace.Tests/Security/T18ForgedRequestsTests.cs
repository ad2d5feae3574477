using System.Net;
using System.Text;
using System.Text.Json;
using Keypace.Tests.Server.Platform;
using Keypace.Tests.Server.Storage;

namespace Keypace.Tests.Security;

/// <summary>What a page of another site can make a member's browser send changes nothing, and every answer carries what keeps it from being framed or run.</summary>
public sealed class T18ForgedRequestsTests(OwnedServer owned) : IClassFixture<OwnedServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private RunningServer Server => owned.Server;

    [Fact]
    public async Task What_another_sites_page_sends_with_the_cookie_is_refused_everywhere()
    {
        var threat = new Threat("T18", "requests forged by other sites");
        var cookie = await CookieAsync();
        var own = Server.Address.GetLeftPart(UriPartial.Authority);
        (string What, (string, string)[] Headers, string Type)[] forgeries =
        [
            ("a form", [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")], "application/x-www-form-urlencoded"),
            ("a form of an old browser", [], "application/x-www-form-urlencoded"),
            ("a form with files", [("Origin", "null")], "multipart/form-data; boundary=x"),
            ("JSON in a text form", [("Origin", "http://evil.example")], "text/plain"),
            ("no-cors", [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")], "text/plain"),
            ("a page beside ours", [("Origin", "http://127.0.0.1:1"), ("Sec-Fetch-Site", "same-site")], "application/json"),
            ("a subdomain", [("Origin", "http://evil.localhost"), ("Sec-Fetch-Site", "same-site"), ("X-Keypace", "1")], "application/json"),
            ("without our header", [("Origin", own), ("Sec-Fetch-Site", "same-origin")], "application/json"),
            ("our header, another origin", [("Origin", "https://evil.example"), ("X-Keypace", "1")], "application/json"),
            ("our header, no origin at all", [("Origin", "null"), ("X-Keypace", "1")], "application/json"),
            ("our header, another site's fetch", [("Sec-Fetch-Site", "cross-site"), ("X-Keypace", "1")], "application/json"),
            ("our header, another word", [("Origin", own), ("X-Keypace", "2")], "application/json"),
        ];
        var routes = await RoutesAsync();
        foreach (var (method, path) in routes.Concat([("POST", "/sign-out"), ("POST", "/v1/chat/completions"), ("POST", "/v1/chat_complete"), ("POST", "/v1/embeddings"), ("GET", "/v1/models"), ("GET", "/keys/any/v1/x"), ("POST", "/keys/any/v1/x")]))
        {
            foreach (var (what, headers, type) in forgeries)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                foreach (var (name, value) in headers.Append(("Cookie", cookie)))
                    request.Headers.TryAddWithoutValidation(name, value);
                if (method is not "GET")
                {
                    request.Content = new StringContent("{}", Encoding.UTF8);
                    request.Content.Headers.Remove("Content-Type");
                    request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
                }

                using var answer = await Server.Http.SendAsync(request, Ct);
                var isNavigation = answer.StatusCode is HttpStatusCode.SeeOther or HttpStatusCode.NotFound && headers.Any(header => header.Item2 == "navigate") && path.StartsWith("/keys/", StringComparison.Ordinal);
                threat.Check(answer.StatusCode == HttpStatusCode.Forbidden || isNavigation || answer.StatusCode is HttpStatusCode.UnsupportedMediaType, () => $"{method} {path}, {what}: {(int)answer.StatusCode}");
                threat.Check(Lacking(answer) is [], () => $"{method} {path}, {what}: {string.Join(", ", Lacking(answer))}");
            }
        }

        Assert.True(routes.Count > 40);
        using var still = new HttpRequestMessage(HttpMethod.Get, "/v1/api-keys") { Headers = { { "Cookie", cookie }, { "X-Keypace", "1" } } };
        using var lives = await Server.Http.SendAsync(still, Ct);
        threat.Check(lives.StatusCode == HttpStatusCode.OK, () => $"the session afterwards: {lives.StatusCode}");
        threat.Done();
    }

    [Fact]
    public async Task Every_answer_says_that_it_is_not_to_be_framed_kept_or_guessed_at()
    {
        var threat = new Threat("T18", "headers of every answer");
        var token = (await File.ReadAllTextAsync(owned.Folder.In("token"), Ct)).Trim();
        var cookie = await CookieAsync();
        string[] others =
        [
            "/", "/keys", "/key/0197c5e1-0000-7000-8000-000000000000", "/agents", "/tokens", "/usage", "/audit", "/settings", "/team", "/docs", "/playground", "/sign-in", "/setup", "/not-found", "/nowhere", "/v1/nowhere", "/v1/evaluations/1",
            "/metrics", "/healthz", "/readyz", "/openapi/v1.json", "/assets/nothing.js", "/_blazor", "/_blazor/negotiate", "/keys/none/v1/x", "/v1/models", "/v1/chat/completions", "/%zz", "/favicon.ico", "/v1/audio/speech",
        ];
        foreach (var (method, path) in (await RoutesAsync()).Concat(others.SelectMany(path => new[] { ("GET", path), ("POST", path), ("OPTIONS", path), ("BREW", path) })))
        {
            foreach (var who in new[] { "nobody", "token", "session" })
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path);
                if (who == "token")
                    request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}");
                if (who == "session")
                    request.Headers.Add("Cookie", cookie);
                if (method is "POST" or "PUT" or "BREW")
                    request.Content = new StringContent("[", Encoding.UTF8, "application/json");
                using var answer = await Server.Http.SendAsync(request, Ct);
                threat.Check(Lacking(answer) is [], () => $"{method} {path} as {who}: {(int)answer.StatusCode} without {string.Join(", ", Lacking(answer))}");
                threat.Check((int)answer.StatusCode is < 500 or 501, () => $"{method} {path} as {who}: {(int)answer.StatusCode}");
            }
        }

        threat.Done();
    }

    /// <summary>Names of the headers that it should have.</summary>
    private static List<string> Lacking(HttpResponseMessage answer)
    {
        string Value(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : "";
        var lacking = new List<string>();
        var policy = Value("Content-Security-Policy");
        if (!policy.Contains("default-src 'none'", StringComparison.Ordinal) && !policy.Contains("script-src 'self'", StringComparison.Ordinal))
            lacking.Add("Content-Security-Policy");
        if (!policy.Contains("frame-ancestors 'none'", StringComparison.Ordinal) && !policy.Contains("sandbox", StringComparison.Ordinal) && Value("X-Frame-Options") != "DENY")
            lacking.Add("frame-ancestors or X-Frame-Options");
        if (Value("X-Content-Type-Options") != "nosniff")
            lacking.Add("X-Content-Type-Options");
        if (Value("Referrer-Policy") != "no-referrer")
            lacking.Add("Referrer-Policy");
        if (Value("Cross-Origin-Resource-Policy") != "same-origin")
            lacking.Add("Cross-Origin-Resource-Policy");
        if (!Value("Cache-Control").Contains("no-store", StringComparison.Ordinal))
            lacking.Add("Cache-Control");
        return lacking;
    }

    /// <summary>Every route of the interface description, names filled in.</summary>
    private async Task<List<(string Method, string Path)>> RoutesAsync()
    {
        using var document = JsonDocument.Parse(await Server.Http.GetStringAsync("/openapi/v1.json", Ct));
        return
        [
            .. from path in document.RootElement.GetProperty("paths").EnumerateObject()
               from method in path.Value.EnumerateObject()
               select (method.Name.ToUpperInvariant(), path.Name.Replace("{id}", "0197c5e1-0000-7000-8000-000000000000", StringComparison.Ordinal)),
        ];
    }

    private async Task<string> CookieAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Headers = { { "X-Keypace", "1" } } };
        request.Content = new StringContent($$"""{"email":"ada@example.org","password":"{{TestFolder.Password}}"}""", Encoding.UTF8, "application/json");
        using var answer = await Server.Http.SendAsync(request, Ct);
        return answer.Headers.GetValues("Set-Cookie").First().Split(';')[0];
    }
}
