using System.Net.Http.Headers;
using System.Text;
using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>What hubs compress without being asked is decoded before anything reads it, or is a 502.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class CompressedAnswerTests(FeatureHost host)
{
    private const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

    public static TheoryData<string, string> Codings => new()
    {
        { "gzip", "gzip" }, { "GZip", "gzip" }, { "x-gzip", "gzip" }, { "deflate", "deflate" }, { "deflate", "raw deflate" }, { "br", "br" }, { "zstd", "zstd" },
        { "identity", "none" }, { "", "none" }, { "gzip, br", "gzip, br" }, { "zstd,identity , deflate", "zstd, raw deflate" }, { "gzip, gzip, gzip, gzip", "gzip, gzip, gzip, gzip" },
    };

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task A_compressed_answer_is_decoded_on_every_route_and_the_secret_in_it_starred_out(string said, string by)
    {
        var secret = Secret();
        var body = Completion(secret);
        await using var hub = new RawHub(Compressed.Answer("200 OK", said, Compressed.By(by, Encoding.UTF8.GetBytes(body)), "ETag: \"7\"\r\nDigest: x\r\nAccept-Ranges: bytes\r\n"));
        var (name, id) = await StoreAsync(hub, secret);

        foreach (var (path, asked) in Routes(name))
        {
            var got = (await host.SendAsync(HttpMethod.Post, path, asked, null, ("x-keypace-key", name))).MustBe(200);
            Assert.DoesNotContain(secret, got.Text, StringComparison.Ordinal);
            if (path.EndsWith("chat_complete", StringComparison.Ordinal))
                continue;
            Assert.Equal(body.Replace(secret, new string('*', secret.Length), StringComparison.Ordinal), got.Text);
            Assert.False(got.Headers.ContainsKey("Content-Encoding"));
            Assert.False(got.Headers.ContainsKey("Digest"));
            Assert.Equal("W/\"7\"", got.Headers["ETag"]);
        }

        await Until.TrueAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(300));
            return (await host.GetAsync($"/v1/api-keys/{id}/queries")).MustBe(200)["results"].EnumerateArray().Count(record => record.GetProperty("completion_tokens").ToString() == "5") >= 3;
        });
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    public async Task Refusals_lists_and_tests_are_read_decoded(string coding)
    {
        var secret = Secret();
        var answers = new Queue<string>([
            Answer("401 Unauthorized", $$$"""{"error":{"message":"Wrong key {{{secret}}}, says the hub."}}"""),
            Answer("429 Too Many Requests", """{"error":{"message":"You exceeded your current quota.","type":"insufficient_quota","code":"insufficient_quota"}}"""),
            Answer("400 Bad Request", $$$"""{"error":{"message":"{{{secret[..20]}}}"}}"""),
            Answer("200 OK", """{"object":"list","data":[{"id":"model-x"}]}"""),
            Answer("200 OK", """{"object":"list","data":[{"id":"model-x"}]}"""),
        ]);
        await using var hub = new RawHub((_, connection) => connection.SendAsync(answers.Dequeue()));
        var (name, id) = await StoreAsync(hub, secret);

        var refused = (await AskAsync(name)).MustBe(502);
        Assert.Equal("hub_refused_key", refused.Headers["x-keypace-error"]);
        Assert.Contains("says the hub", refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..8], refused.Text, StringComparison.Ordinal);

        Assert.Equal("false", (await AskAsync(name)).MustBe(429).Headers["x-should-retry"]);
        (await host.PostAsync($"/v1/api-keys/{id}/unpause")).MustBe(200);
        Assert.DoesNotContain(secret[..8], (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(400).Text, StringComparison.Ordinal);
        Assert.Equal("model-x", (await host.GetAsync($"/v1/api-keys/{id}/models")).MustBe(200)["models"][0].GetString());
        Assert.Equal("works", (await host.PostAsync($"/v1/api-keys/{id}/test")).MustBe(200)["status"].GetString());

        string Answer(string status, string body) => Compressed.Answer(status, coding, Compressed.By(coding, Encoding.UTF8.GetBytes(body)));
    }

    /// <summary>What is said, and what comes.</summary>
    public static TheoryData<string, string, byte[]> Undecodable => new()
    {
        { "200 OK", "compress", "{}"u8.ToArray() },
        { "400 Bad Request", "foo", "{}"u8.ToArray() },
        { "200 OK", "gzip, gzip, gzip, gzip, gzip", Compressed.By("gzip, gzip, gzip, gzip, gzip", "{}"u8.ToArray()) },
        { "206 Partial Content", "gzip", Compressed.By("gzip", "{}"u8.ToArray()) },
        { "200 OK", "gzip", "\u001f\u008bnotgzip"u8.ToArray() },
        { "200 OK", "br", "{\"not\":\"compressed at all, and long enough to be told\"}"u8.ToArray() },
        { "200 OK", "zstd", "{\"not\":\"compressed at all\"}"u8.ToArray() },
        { "500 Oh", "deflate", [0x78, 0x9c, 0xff, 0xff, 0xff] },
        { "200 OK", "gzip", Compressed.By("gzip", Encoding.UTF8.GetBytes(Completion("x")))[..60] },
        { "200 OK", "deflate", Compressed.By("raw deflate", Encoding.UTF8.GetBytes(Completion("x")))[..60] },
        { "200 OK", "br", Compressed.By("br", Encoding.UTF8.GetBytes(Completion("x")))[..60] },
        { "200 OK", "zstd", Compressed.By("zstd", Encoding.UTF8.GetBytes(Completion("x")))[..60] },
    };

    [Theory]
    [MemberData(nameof(Undecodable))]
    public async Task What_cannot_be_decoded_is_a_502_of_ours_or_cut_where_its_head_has_left(string status, string said, byte[] coded)
    {
        await using var hub = new RawHub(Compressed.Answer(status, said, coded));
        var (name, id) = await StoreAsync(hub, Secret());

        foreach (var (path, asked) in Routes(name))
        {
            try
            {
                var got = await host.SendAsync(HttpMethod.Post, path, asked, null, ("x-keypace-key", name));
                Assert.True((int)got.Status == 502, $"{path}: {(int)got.Status} {got.Text}");
                Assert.Equal("hub_answer_undecodable", got.Headers["x-keypace-error"]);
            }
            catch (HttpRequestException)
            {
                Assert.DoesNotContain("chat_complete", path, StringComparison.Ordinal);   // some of it could be decoded, and was passed on
            }
        }

        Assert.Equal("hub_answer_undecodable", (await host.GetAsync($"/v1/api-keys/{id}/models")).MustBe(502).Headers["x-keypace-error"]);
        Assert.Equal("unreachable", (await host.PostAsync($"/v1/api-keys/{id}/test")).MustBe(200)["status"].GetString());
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    public async Task What_is_compressed_without_a_word_is_a_502_where_it_says_that_it_is_text(string coding)
    {
        var type = "application/json";
        await using var hub = new RawHub((request, connection) => connection.SendAsync(
            Compressed.Answer(request.Contains("wrong", StringComparison.Ordinal) ? "400 No" : "200 OK", "identity", Compressed.By(coding, Encoding.UTF8.GetBytes(Completion("x")))).Replace("application/json", type, StringComparison.Ordinal)));
        var (name, _) = await StoreAsync(hub, Secret());

        foreach (var (path, asked) in Routes(name))
        {
            foreach (var question in new[] { asked, asked.Replace("Hello", "wrong", StringComparison.Ordinal) })
                Assert.Equal("hub_answer_undecodable", (await host.SendAsync(HttpMethod.Post, path, question, null, ("x-keypace-key", name))).MustBe(502).Headers["x-keypace-error"]);
        }

        type = "application/octet-stream";
        (await host.GetAsync($"/keys/{name}/files/7")).MustBe(200);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    public async Task A_bomb_is_cut_before_it_has_grown_far(string codings)
    {
        var blank = new byte[96 * 1024 * 1024];
        Array.Fill(blank, (byte)' ');
        var bomb = Compressed.By(codings, blank);
        Assert.InRange(bomb.Length, 1, 320 * 1024);
        await using var hub = new RawHub(Compressed.Answer("200 OK", codings, bomb));
        var (name, _) = await StoreAsync(hub, Secret());
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(host.Address, $"/keys/{name}/files/7"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        var (count, buffer) = (0L, new byte[256 * 1024]);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            for (var read = 1; read > 0; count += read)
                read = await body.ReadAsync(buffer, TestContext.Current.CancellationToken);
        });

        Assert.InRange(count, 1, 40 * 1024 * 1024);
        Assert.Equal(502, (int)(await host.PostAsync("/v1/chat_complete", Contract(name))).Status);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("zstd")]
    [InlineData("zstd, gzip")]
    public async Task A_compressed_stream_is_decoded_event_by_event(string codings)
    {
        var go = new TaskCompletionSource();
        await using var hub = new RawHub(async (_, connection) =>
        {
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: {codings}\r\nTransfer-Encoding: chunked\r\n\r\n");
            var coded = new MemoryStream();
            var chain = new List<Stream> { coded };
            foreach (var coding in codings.Split(", ").Reverse())
                chain.Add(Compressed.Into(coding, chain[^1]));
            foreach (var part in new[] { "data: {\"choices\":[{\"delta\":{\"content\":\"one\"}}]}\n\n", "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\ndata: [DONE]\n\n" })
            {
                chain[^1].Write(Encoding.UTF8.GetBytes(part));
                for (var at = chain.Count - 1; at > 0; at--)
                    chain[at].Flush();
                await connection.SendAsync($"{coded.Length:x}\r\n{Encoding.Latin1.GetString(coded.ToArray())}\r\n");
                coded.SetLength(0);
                await go.Task;
            }

            for (var at = chain.Count - 1; at > 0; at--)
                chain[at].Dispose();
            await connection.SendAsync(coded.Length == 0 ? "0\r\n\r\n" : $"{coded.Length:x}\r\n{Encoding.Latin1.GetString(coded.ToArray())}\r\n0\r\n\r\n");
        });
        var (name, _) = await StoreAsync(hub, Secret());
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Address, "/v1/chat/completions"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", host.Token);
        request.Headers.Add("x-keypace-key", name);
        request.Content = new StringContent(Chat.Insert(1, "\"stream\":true,"), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Assert.Contains("one", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);   // the second is not sent yet
        go.SetResult();
        Assert.Equal("\ndata: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\n\ndata: [DONE]\n\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_head_of_a_compressed_answer_passes_without_its_coding_and_its_length()
    {
        await using var hub = new RawHub("HTTP/1.1 200 OK\r\nContent-Encoding: whatever\r\nContent-Length: 77\r\nETag: W/\"7\"\r\n\r\n");
        var (name, _) = await StoreAsync(hub, Secret());

        var got = (await host.SendAsync(HttpMethod.Head, $"/keys/{name}/files/7", null, null)).MustBe(200);

        Assert.False(got.Headers.ContainsKey("Content-Encoding"));
        Assert.Equal("W/\"7\"", got.Headers["ETag"]);
    }

    private static string Secret() => $"sk-test-not-a-real-key-{Guid.CreateVersion7(DateTimeOffset.UnixEpoch):n}";

    private static string Completion(string word) =>
        $$$"""{"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Your key is {{{word}}}."},"finish_reason":"stop"}],"data":[],"usage":{"prompt_tokens":4,"completion_tokens":5,"total_tokens":9}}""";

    private static string Contract(string key) => $$$"""{"prompt":"Hello","completion_params":{"api_key":"{{{key}}}","model":"m","max_retries":0}}""";

    private static IEnumerable<(string Path, string Body)> Routes(string key) =>
        [("/v1/chat/completions", Chat), ($"/keys/{key}/chat/completions", Chat), ("/v1/chat_complete", Contract(key)), ("/v1/embeddings", """{"model":"m","input":"x"}""")];

    private Task<Answer> AskAsync(string name) => host.SendAsync(HttpMethod.Post, "/v1/chat/completions", Chat, null, ("x-keypace-key", name));

    private async Task<(string Name, string Id)> StoreAsync(RawHub hub, string secret)
    {
        var name = FeatureHost.Unique("compressed").Replace(' ', '-');
        var stored = (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = secret, url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return (name, stored["id"].GetString()!);
    }
}
