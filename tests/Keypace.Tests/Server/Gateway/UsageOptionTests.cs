using System.Text.Json;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>An endpoint that does not know <c>stream_options</c> answers all the same, as it does without the gateway.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class UsageOptionTests(FeatureHost host)
{
    private const string Stream = "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream\r\nConnection: close\r\n\r\n"
        + "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\nid: 7\ndata: {\"choices\":null,\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n";

    [Theory]
    [InlineData("400 Bad Request", """{"error":{"message":"stream_options: Extra inputs are not permitted"}}""")]
    [InlineData("400 Bad Request", """{"error":{"message":"Unrecognized request argument supplied: include_usage"}}""")]
    [InlineData("422 Unprocessable Entity", """{"detail":[{"type":"extra_forbidden","loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}""")]
    public async Task What_only_the_gateway_added_is_left_out_when_the_endpoint_refuses_it(string status, string refusal)
    {
        await using var hub = new RawHub(async (request, connection) =>
        {
            var knows = request.Contains("stream_options", StringComparison.Ordinal);
            await connection.SendAsync(knows ? $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {refusal.Length}\r\n\r\n{refusal}" : Stream);
            if (!knows)
                connection.Cut();
        });
        var name = await StoreAsync(hub);

        for (var query = 0; query < 3; query++)
        {
            foreach (var path in new[] { "/v1/chat/completions", "/v1/completions" })
            {
                var got = (await host.SendAsync(HttpMethod.Post, path, """{"model":"m","prompt":"x","messages":[],"stream":true}""", null, ("x-keypace-key", name))).MustBe(200);
                Assert.Contains("\"content\":\"a\"", got.Text, StringComparison.Ordinal);
            }
        }

        Assert.Equal(7, hub.Requests.Count);   // once with the option, and never again
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[],"stream":true}""", "the messages are too long")]
    [InlineData("""{"model":"m","messages":[],"stream":true,"stream_options":{"include_usage":true}}""", "stream_options: Extra inputs are not permitted")]
    [InlineData("""{"model":"m","messages":[]}""", "stream_options: Extra inputs are not permitted")]
    public async Task Any_other_refusal_is_the_callers(string body, string words)
    {
        var refusal = JsonSerializer.Serialize(new { error = new { message = words } });
        await using var hub = new RawHub($"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {refusal.Length}\r\n\r\n{refusal}");
        var name = await StoreAsync(hub);

        Assert.Equal(refusal, (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", body, null, ("x-keypace-key", name))).MustBe(400).Text);

        Assert.Single(hub.Requests);
    }

    [Fact]
    public async Task Counts_that_were_not_asked_for_do_not_reach_the_caller()
    {
        await using var hub = new RawHub(Stream, isCut: true);
        var name = await StoreAsync(hub);

        var got = (await host.SendAsync(HttpMethod.Post, "/v1/chat/completions", """{"model":"m","messages":[],"stream":true}""", null, ("x-keypace-key", name))).MustBe(200);

        Assert.Equal("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n", got.Text);
    }

    private async Task<string> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("option").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
