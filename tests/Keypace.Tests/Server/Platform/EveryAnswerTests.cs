using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Keypace.Tests.Server.Platform;

/// <summary>What each answer carries, and what is answered before any route.</summary>
public sealed class EveryAnswerTests(OwnedServer owned) : IClassFixture<OwnedServer>
{
    private readonly RunningServer _server = owned.Server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/healthz", 200)]
    [InlineData("/readyz", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/", 302)]
    [InlineData("/sign-in", 200)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/setup", 410)]
    [InlineData("/nowhere", 404)]
    [InlineData("/v1/nowhere", 404)]
    public async Task Every_answer_has_an_id_and_the_headers_of_all(string path, int status)
    {
        using var answer = await _server.Http.GetAsync(path, Ct);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.StartsWith("req_", answer.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.False(answer.Headers.Contains("Server"));
        if (answer.Content.Headers.ContentType?.MediaType == "text/html")
            Assert.Contains("frame-ancestors 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_paths_answer_in_the_shape_of_their_route()
    {
        Assert.Equal("unknown_path", (await JsonAsync("/v1/nowhere/")).GetProperty("code").GetString());
        Assert.Equal("use_passthrough", (await JsonAsync("/v1/audio/speech")).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(404, (await JsonAsync("/nowhere")).GetProperty("status").GetInt32());
        var notServed = await JsonAsync("/v1/evaluations/7");
        Assert.Equal("not_served", notServed.GetProperty("code").GetString());
        Assert.Contains("'evaluations'", notServed.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_that_a_route_does_not_take_is_named()
    {
        using var answer = await _server.Http.DeleteAsync("/healthz", Ct);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Contains("\"code\":\"method_not_allowed\"", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere", 404)]
    [InlineData("/nowhere/else.html", 404)]
    [InlineData("/v1/nowhere", 404)]
    [InlineData("/v1/nowhere/", 404)]
    [InlineData("/v1/api-keys/some/where", 404)]
    [InlineData("/healthz", 405)]
    [InlineData("/v1/users/me", 405)]
    [InlineData("/v1/models", 405)]
    [InlineData("/v1/chat_complete", 405)]
    public async Task A_method_is_refused_only_where_its_path_is_there(string path, int status)
    {
        foreach (var method in new[] { "PATCH", "DELETE", "OPTIONS", "FROB" })
        {
            using var answer = await _server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Ct);
            Assert.Equal((method, status), (method, (int)answer.StatusCode));
            Assert.Equal(status == 404 ? "unknown_path" : "method_not_allowed", Assert.Single(answer.Headers.GetValues("x-keypace-error")));
            Assert.True(status == 405 || answer.Content.Headers.Allow.Count == 0);
        }
    }

    [Theory]
    [InlineData("POST", "/v1/api-keys/sk-proj-not-a-real-key-0001")]
    [InlineData("sk-proj-not-a-real-key-0001", "/healthz")]
    [InlineData("sk-proj-not-a-real-key-0001", "/keys/any/v1/x")]
    public async Task A_secret_in_the_place_of_a_path_or_a_method_is_not_said_back(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _server.Http.SendAsync(request, Ct);
        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.DoesNotContain("sk-proj", await answer.Content.ReadAsStringAsync(Ct), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_stranger_name_in_the_Host_header_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/healthz") { Headers = { Host = "evil.example" } };
        using var answer = await _server.Http.SendAsync(request, Ct);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("host_not_ours", answer.Headers.GetValues("x-keypace-error").Single());
    }

    [Fact]
    public async Task A_form_that_is_too_large_or_broken_is_no_bug()
    {
        using var large = await _server.Http.PostAsync("/setup", new ByteArrayContent(new byte[100_000]), Ct);
        Assert.InRange((int)large.StatusCode, 400, 499);
        Assert.StartsWith("HTTP/1.1 4", await SendRawAsync("POST /setup HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 4", await SendRawAsync("GET /%zz%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), StringComparison.Ordinal);
        Assert.DoesNotContain("error LastResort", owned.Folder.Errors.ToString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> JsonAsync(string path)
    {
        using var answer = await _server.Http.GetAsync(path, Ct);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Ct));
        return document.RootElement.Clone();
    }

    private async Task<string> SendRawAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _server.Address.Port, Ct);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), Ct);
        var buffer = new byte[4096];
        return Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, Ct));
    }
}
