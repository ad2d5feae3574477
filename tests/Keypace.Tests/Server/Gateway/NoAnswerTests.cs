using System.Text.Json;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What comes under a 200 and is no answer is an error with a status of its own, on every route.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class NoAnswerTests(FeatureHost host)
{
    private static readonly string[] s_routes = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/chat_complete"];

    [Theory]
    [InlineData("""{"choices":null,"data":null,"output":null,"error":{"message":"the pool is full","code":503}}""", 503, "the pool is full")]
    [InlineData("""{"error":{"message":"the pool is full","type":"rate_limit_error"},"choices":[],"data":[],"output":[]}""", 429, "the pool is full")]
    [InlineData("""[{"error":{"message":"the pool is full","code":429}}]""", 429, "the pool is full")]
    [InlineData("""{"message":"the pool is full"}""", 502, "the pool is full")]
    [InlineData("[]", 502, "[]")]
    [InlineData("null", 502, "null")]
    [InlineData("no healthy upstream", 502, "no healthy upstream")]
    [InlineData("<p>hello</p>", 502, "page")]
    [InlineData(" \r\n\t ", 502, "an empty body")]
    [InlineData("""{"choices":[{"message":{"content":"a""", 502, "choices")]
    [InlineData("""{"object":"response","output":[{"type":"message"}], """, 502, "response")]
    [InlineData("""{"data":[{"embedding":[0.1,NaN],"index":0}]""", 502, "NaN")]
    public async Task It_has_the_status_and_words_that_it_says(string body, int status, string words)
    {
        await using var hub = new RawHub(RawHub.Json(body));
        var name = await StoreAsync(hub);

        foreach (var route in s_routes)
        {
            var got = await AskAsync(route, name);
            Assert.True((int)got.Status == status, $"{route}: {(int)got.Status} {got.Text}");
            Assert.Contains(words, got.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"choices":[{"index":0,"message":{"role":"assistant","content":"\"error\": full"},"text":"x","finish_reason":"stop"}],"error":null}""")]
    [InlineData("""{"error":{"message":"the last words are missing"},"choices":[{"index":0,"message":{"role":"assistant","content":"half an answer"},"finish_reason":"error"}]}""")]
    public async Task An_answer_passes_whatever_words_are_in_it(string body)
    {
        await using var hub = new RawHub(RawHub.Json(body));
        var name = await StoreAsync(hub);

        foreach (var route in s_routes)
        {
            var got = (await AskAsync(route, name)).MustBe(200);
            Assert.True(route.EndsWith("chat_complete", StringComparison.Ordinal) || got.Text == body, got.Text);
        }
    }

    [Fact]
    public async Task One_that_comes_byte_by_byte_is_the_same()
    {
        const string body = """{"id":"c","choices":null,"error":{"message":"full","code":503}}""";
        await using var hub = new RawHub(async (_, connection) =>
        {
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
            foreach (var letter in body)
                await connection.SendAsync(letter.ToString());
        });

        Assert.Equal(503, (int)(await AskAsync("/v1/chat/completions", await StoreAsync(hub))).Status);
    }

    private Task<Answer> AskAsync(string route, string key) => host.SendAsync(
        HttpMethod.Post,
        route,
        route.EndsWith("chat_complete", StringComparison.Ordinal)
            ? JsonSerializer.Serialize(new { prompt = "hi", completion_params = new { api_key = key, model = "m", max_retries = 0 } })
            : """{"model":"m","messages":[],"prompt":"x","input":"x"}""",
        null,
        ("x-keypace-key", key));

    private async Task<string> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("none").Replace(' ', '-');
        (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return name;
    }
}
