using System.Net.Http.Headers;
using System.Text;
using Keypace.Tests.Server.Gateway;

namespace Keypace.Tests.Server.Features;

/// <summary>Routes of hubs without a model: with the key's name in the header they go as they are.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class OtherRoutesTests(FeatureHost host)
{
    [Theory]
    [InlineData("GET", "/v1/files?purpose=batch")]
    [InlineData("DELETE", "/v1/files/file-1")]
    [InlineData("GET", "/v1/files/file-1/content")]
    [InlineData("GET", "/v1/responses/resp_1")]
    [InlineData("DELETE", "/v1/responses/resp_1")]
    [InlineData("POST", "/v1/responses/resp_1/cancel")]
    [InlineData("GET", "/v1/responses/resp_1/input_items?limit=2")]
    [InlineData("POST", "/v1/images/generations")]
    [InlineData("POST", "/v1/audio/speech")]
    [InlineData("POST", "/v1/moderations")]
    [InlineData("POST", "/v1/batches")]
    [InlineData("POST", "/v1/uploads")]
    [InlineData("GET", "/v1/vector_stores/vs_1")]
    [InlineData("POST", "/v1/rerank")]
    [InlineData("POST", "/v1/messages/batches")]
    [InlineData("GET", "/v1/chat/completions/chatcmpl-1")]
    [InlineData("OPTIONS", "/v1/chat/completions")]
    [InlineData("OPTIONS", "/v1/models")]
    public async Task With_the_keys_name_they_go_as_they_are(string method, string path)
    {
        await using var hub = new RawHub(RawHub.Json("""{"what":"the hub says"}"""));
        var key = await StoreAsync(hub);
        var body = method == "POST" ? """{ "a" : 1 }""" : null;

        var answer = (await host.SendAsync(new HttpMethod(method), path, body, null, ("x-keypace-key", key))).MustBe(200);

        Assert.StartsWith($"{method} {path} ", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + body, hub.Requests.Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("x-keypace", hub.Requests.Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("""{"what":"the hub says"}""", answer.Text);
        Assert.Equal(key, answer.Headers["x-keypace-key"]);
    }

    [Fact]
    public async Task A_file_in_several_parts_keeps_its_bytes_and_their_type()
    {
        await using var hub = new RawHub(RawHub.Json("""{"id":"file-1"}"""));
        var key = await StoreAsync(hub);
        using var client = new HttpClient { BaseAddress = host.Address };
        using var parts = new MultipartFormDataContent("limit") { { new StringContent("batch"), "purpose" }, { new ByteArrayContent([0, 1, 255, 13, 10]), "file", "a.bin" } };
        var sent = await parts.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/files") { Content = new ByteArrayContent(sent) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=limit");
        request.Headers.Authorization = new("Bearer", host.Token);
        request.Headers.Add("x-keypace-key", key);

        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains("boundary=limit", hub.Requests.Single(), StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + Encoding.UTF8.GetString(sent), hub.Requests.Single().Replace('\u00FF', '\uFFFD'), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/v1/files")]
    [InlineData("/v1/audio/speech")]
    [InlineData("/v1/responses/resp_1")]
    public async Task Without_a_key_they_say_how(string path)
    {
        var refused = await host.GetAsync(path);

        Assert.Equal((404, "use_passthrough"), ((int)refused.Status, refused.Headers["x-keypace-error"]));
        Assert.Contains("x-keypace-key", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_there_is_not_and_a_token_that_there_is_not_are_refused()
    {
        Assert.Equal(404, (int)(await host.SendAsync(HttpMethod.Get, "/v1/files", null, null, ("x-keypace-key", "nobody's"))).Status);
        Assert.Equal(401, (int)(await host.SendAsync(HttpMethod.Get, "/v1/files", null, "kpa_nobody", ("x-keypace-key", "nobody's"))).Status);
    }

    private async Task<string> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("other").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
