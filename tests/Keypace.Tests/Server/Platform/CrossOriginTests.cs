using Keypace.Server.Platform.Settings;
using Keypace.Tests.Server.Features;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Platform;

/// <summary>Pages of other origins: who may ask, and what they may read.</summary>
public sealed class CrossOriginTests
{
    private const string Listed = "https://app.example.test";

    [Fact]
    public async Task A_preflight_of_a_listed_origin_is_answered_without_token_or_hub()
    {
        await using var hub = new RawHub(RawHub.Completion);
        await using var host = await StartAsync(hub, $"http://localhost:3000, {Listed}");

        foreach (var path in new[] { "/v1/chat/completions", "/v1/api-keys", "/keys/main/v1/anything", "/keys/nobody/x" })
        {
            var got = await PreflightAsync(host, path, Listed, ("Access-Control-Request-Headers", "authorization,content-type, x-stainless-os,x-keypace,b@d"));
            Assert.Equal(204, (int)got.Status);
            Assert.Equal(Listed, got.Headers["Access-Control-Allow-Origin"]);
            Assert.Contains("POST", got.Headers["Access-Control-Allow-Methods"], StringComparison.Ordinal);
            Assert.Equal("authorization, content-type, x-stainless-os", got.Headers["Access-Control-Allow-Headers"]);
            Assert.Equal("Origin", got.Headers["Vary"]);
            Assert.False(got.Headers.ContainsKey("Access-Control-Allow-Credentials"));
        }

        Assert.Empty(hub.Requests);
    }

    [Theory]
    [InlineData(Listed, "/sign-in")]                     // a page
    [InlineData("https://app.example.test.evil.test", "/v1/chat/completions")]
    [InlineData("http://app.example.test", "/v1/chat/completions")]
    [InlineData("https://app.example.test:8443", "/keys/main/x")]
    [InlineData("null", "/v1/chat/completions")]
    public async Task A_preflight_of_any_other_is_a_403_without_a_word_of_origins(string origin, string path)
    {
        await using var hub = new RawHub(RawHub.Completion);
        await using var host = await StartAsync(hub, Listed);

        var got = await PreflightAsync(host, path, origin);

        Assert.Equal(403, (int)got.Status);
        Assert.DoesNotContain(got.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(hub.Requests);
    }

    [Fact]
    public async Task Nobody_is_listed_unless_the_setting_says_so()
    {
        await using var hub = new RawHub(RawHub.Completion);
        await using var host = await StartAsync(hub, null);

        Assert.Equal("origin_not_listed", (await PreflightAsync(host, "/v1/chat/completions", Listed)).MustBe(403).Headers["x-keypace-error"]);
        var got = (await AskAsync(host, Listed)).MustBe(200);
        Assert.DoesNotContain(got.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_listed_origin_reads_answers_and_refusals_and_no_hub_has_a_say_in_it()
    {
        await using var hub = new RawHub(RawHub.Completion.Replace("\r\n\r\n", "\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Credentials: true\r\n\r\n", StringComparison.Ordinal));
        await using var host = await StartAsync(hub, Listed);

        var wrongKey = await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""", null, ("x-keypace-key", "nobody"), ("Origin", Listed));
        foreach (var got in new[] { (await AskAsync(host, Listed)).MustBe(200), wrongKey.MustBe(404) })
        {
            Assert.Equal(Listed, got.Headers["Access-Control-Allow-Origin"]);
            Assert.False(got.Headers.ContainsKey("Access-Control-Allow-Credentials"));
            Assert.All(
                ["x-request-id", "x-keypace-waited-ms", "x-keypace-error", "retry-after", "retry-after-ms", "x-should-retry"],
                name => Assert.Contains(name, got.Headers["Access-Control-Expose-Headers"], StringComparison.Ordinal));
        }

        var stranger = (await AskAsync(host, "https://other.example.test")).MustBe(200);
        Assert.DoesNotContain(stranger.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Other_OPTIONS_and_HEAD_are_the_hubs_to_answer_with_a_permit()
    {
        await using var hub = new RawHub((request, connection) => connection.SendAsync(
            request.StartsWith("OPTIONS", StringComparison.Ordinal)
                ? "HTTP/1.1 204 No Content\r\nx-model: of the hub\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\n"));
        await using var host = await StartAsync(hub, Listed);

        var options = await host.SendAsync(HttpMethod.Options, "/keys/main/v1/files", null, null, ("Origin", Listed));
        Assert.Equal((204, "of the hub"), ((int)options.Status, options.Headers["x-model"]));
        var head = await host.SendAsync(HttpMethod.Head, "/keys/main/v1/files", null, null);
        Assert.Equal((200, ""), ((int)head.Status, head.Text));
        Assert.Equal(["OPTIONS", "HEAD"], hub.Requests.Select(request => request.Split(' ')[0]));
        Assert.All([options, head], got => Assert.Equal("main", got.Headers["x-keypace-key"]));
        Assert.Equal(401, (int)(await host.SendAsync(HttpMethod.Options, "/keys/main/v1/files", null, "")).Status);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("https://*.example.test")]
    [InlineData("https://app.example.test/path")]
    [InlineData("app.example.test")]
    [InlineData("https://a@app.example.test")]
    [InlineData("null")]
    public void What_is_no_origin_is_refused_by_the_setting(string text) => Assert.False(OriginList.Parse(text).TryGet(out _, out _));

    [Theory]
    [InlineData("HTTPS://App.Example.test:443/", "https://app.example.test")]
    [InlineData("http://[::1]:3000", "http://[::1]:3000")]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example")]
    public void Origins_are_read_as_browsers_write_them(string setting, string origin)
    {
        Assert.True(OriginList.Parse(setting).TryGet(out var list, out _));
        Assert.True(list.Has(origin));
    }

    private static async Task<FeatureHost> StartAsync(RawHub hub, string? origins)
    {
        var host = new FeatureHost { Settings = origins is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["KEYPACE_CORS__ORIGINS"] = origins } };
        await host.InitializeAsync();
        (await host.PostAsync("/v1/api-keys", new { name = "main", hub = "custom", value = "sk-test-not-a-real-key-0001", url = hub.Url, rate_limit_per_interval = 100, rate_limit_interval = 1 })).MustBe(200);
        return host;
    }

    private static Task<Answer> PreflightAsync(FeatureHost host, string path, string origin, params (string, string)[] more) =>
        host.SendAsync(HttpMethod.Options, path, null, "", [("Origin", origin), ("Access-Control-Request-Method", "POST"), .. more]);

    private static Task<Answer> AskAsync(FeatureHost host, string origin) =>
        host.SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[]}""", null, ("x-keypace-key", "main"), ("Origin", origin));
}
