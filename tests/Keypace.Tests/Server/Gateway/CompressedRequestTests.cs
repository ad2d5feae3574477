using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>A caller may compress its request: it is taken as if it came plain, or refused by name.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class CompressedRequestTests(FeatureHost host)
{
    private const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

    [Theory]
    [InlineData("gzip")]
    [InlineData("X-GZIP")]
    [InlineData("deflate")]
    [InlineData("raw deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task It_is_decoded_once_on_every_route_and_goes_on_plain(string coding)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var name = await StoreAsync(hub);

        foreach (var (path, body) in Routes(name))
        {
            using var got = await SendAsync(path, Compressed.By(coding, Encoding.UTF8.GetBytes(body)), coding.Replace("raw ", "", StringComparison.Ordinal), name);
            Assert.True(got.StatusCode is HttpStatusCode.OK, $"{path}: {(int)got.StatusCode} {await got.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}");
        }

        Assert.All(hub.Requests, request =>
        {
            Assert.Contains("Hello", request, StringComparison.Ordinal);
            Assert.DoesNotContain("Content-Encoding", request, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("Content-Digest", request, StringComparison.OrdinalIgnoreCase);
        });
        Assert.Equal(Routes(name).Count(), hub.Requests.Count);
    }

    [Theory]
    [InlineData("compress", 415, "unsupported_encoding")]
    [InlineData("gzip, br", 415, "unsupported_encoding")]
    [InlineData("aws-chunked", 415, "unsupported_encoding")]
    [InlineData("gzip", 400, "undecodable_body")]
    [InlineData("br", 400, "undecodable_body")]
    [InlineData("zstd", 400, "undecodable_body")]
    public async Task What_cannot_be_decoded_is_refused_by_name(string said, int status, string code)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var name = await StoreAsync(hub);

        foreach (var (path, body) in Routes(name).Append(("/v1/access-tokens", "{}")))
        {
            using var got = await SendAsync(path, Encoding.UTF8.GetBytes(body), said, name);
            Assert.True((int)got.StatusCode == status, $"{path}: {(int)got.StatusCode}");
            Assert.Equal(code, got.Headers.GetValues("x-keypace-error").Single());
            Assert.Equal(status == 415, got.Headers.TryGetValues("Accept-Encoding", out _));
        }

        Assert.Empty(hub.Requests);
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_small_body_that_unfolds_beyond_the_bound_is_too_large()
    {
        await using var hub = new RawHub(RawHub.Completion);
        var name = await StoreAsync(hub);
        using var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true))
        {
            var piece = new byte[1 << 20];
            for (var megabytes = 0; megabytes < 200; megabytes++)
                gzip.Write(piece);
        }

        using var got = await SendAsync("/v1/chat/completions", coded.ToArray(), "gzip", name);

        Assert.Contains(got.Headers.GetValues("x-keypace-error").Single(), new[] { "body_too_large", "queue_full" });
        Assert.Empty(hub.Requests);
    }

    private static IEnumerable<(string Path, string Body)> Routes(string key) =>
    [
        ("/v1/chat/completions", Chat), ($"/keys/{key}/chat/completions", Chat), ("/v1/embeddings", """{"model":"m","input":"Hello"}"""),
        ("/v1/chat_complete", $$$"""{"prompt":"Hello","completion_params":{"api_key":"{{{key}}}","model":"m","max_retries":0}}"""),
    ];

    private async Task<HttpResponseMessage> SendAsync(string path, byte[] body, string coding, string key)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, path)) { Content = new ByteArrayContent(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
        request.Headers.TryAddWithoutValidation("x-keypace-key", key);
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        request.Content.Headers.TryAddWithoutValidation("Content-Digest", "sha-256=:AAAA:");
        return await http.SendAsync(request);
    }

    private async Task<string> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("coded").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
