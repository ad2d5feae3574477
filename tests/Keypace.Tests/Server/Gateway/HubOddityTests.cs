using Keypace.Tests.Server.Features;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Whatever a hub sends, it never becomes a fault of ours.</summary>
[Collection(SharedFeatureHost.Name)]
public sealed class HubOddityTests(FeatureHost host)
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

    /// <summary>What a hub sends, whether it then closes the connection, and the code of the refusal; the last are cut after a head that can be passed on.</summary>
    public static TheoryData<string, bool, string> Broken => new()
    {
        { "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false, "hub_answer_invalid" },
        { "HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}", false, "hub_answer_invalid" },
        { "HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}", false, "hub_answer_invalid" },
        { "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}", false, "hub_answer_invalid" },
        { "HELLO I AM NO WEB SERVER\r\n\r\n", true, "hub_answer_invalid" },
        { Head + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false, "hub_answer_invalid" },
        { Head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", true, "hub_answer_invalid" },
        { Head + "Content-Length: 100\r\n\r\n{\"choices\":", true, "hub_broke_off" },
        { Head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":", true, "hub_broke_off" },
        { Head + "Content-Length: 100\r\n\r\n", true, "hub_broke_off" },
        { Head + "Content-Length: 99999999999999999999999\r\n\r\n{\"a\":", true, "hub_answer_invalid" },
        { Head + "Content-Length: 3\r\nContent-Length: 5\r\n\r\n{\"a\":", false, "hub_answer_invalid" },
        { Head + "Content-Length: 5\r\nContent-Length: 3\r\n\r\n{\"a\":", false, "hub_answer_invalid" },
        { Head + "Content-Length: 2, 7\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false, "hub_answer_invalid" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_answer_is_a_502_of_ours_or_cut_on_every_route(string answer, bool isCut, string code)
    {
        await using var hub = new RawHub(answer, isCut);
        var (name, id) = await StoreAsync(hub);

        foreach (var (path, body) in Routes(name))
        {
            try
            {
                var got = await host.SendAsync(HttpMethod.Post, path, body, null, ("x-keypace-key", name));
                Assert.True((int)got.Status == 502, $"{path}: {(int)got.Status} {got.Text}");
                Assert.Equal(code, got.Headers["x-keypace-error"]);
            }
            catch (HttpRequestException)
            {
                Assert.DoesNotContain("chat_complete", path, StringComparison.Ordinal);   // passed on as it came, and cut where it broke
            }
        }

        var records = await RecordsAsync(id, Routes(name).Count());
        Assert.All(records, record => Assert.Equal(code, record));
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_list_of_models_is_a_502_and_a_broken_test_says_so(string answer, bool isCut, string code)
    {
        await using var hub = new RawHub(answer, isCut);
        var (_, id) = await StoreAsync(hub);

        Assert.Equal(code, (await host.GetAsync($"/v1/api-keys/{id}/models")).MustBe(502).Headers["x-keypace-error"]);
        Assert.Equal("unreachable", (await host.PostAsync($"/v1/api-keys/{id}/test")).MustBe(200)["status"].GetString());

        Assert.All(await RecordsAsync(id, 2), record => Assert.Equal(code, record));
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("200 OK", "<html>", "hub_answer_unreadable")]
    [InlineData("200 OK", "null", "hub_answer_unreadable")]
    [InlineData("500 Oh", "{\"error\":{\"message\":\"some trouble\"}}", "hub_answer_unreadable")]
    [InlineData("400 No", "{}", "hub_answer_unreadable")]
    [InlineData("401 No", "{}", "hub_refused_key")]
    [InlineData("204 None", "", "hub_answer_invalid")]
    [InlineData("205 None", "", "hub_answer_invalid")]
    [InlineData("404 None", "{}", null)]
    [InlineData("405 None", "{}", null)]
    public async Task A_list_of_models_that_the_hub_fails_to_give_is_a_502(string status, string body, string? code)
    {
        await using var hub = new RawHub($"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        var (_, id) = await StoreAsync(hub);

        var got = await host.GetAsync($"/v1/api-keys/{id}/models");

        Assert.Equal(code, got.Headers.GetValueOrDefault("x-keypace-error"));
        Assert.Equal(code is null ? 200 : 502, (int)got.Status);
    }

    [Theory]
    [InlineData("404 None", "Content-Length: 99\r\n\r\n{}")]
    [InlineData("405 None", "Transfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData("501 None", "Transfer-Encoding: chunked\r\n\r\n5\r\n{}")]
    public async Task A_hub_that_says_it_has_no_list_is_believed_when_it_has_said_so_to_the_end(string status, string rest)
    {
        await using var hub = new RawHub($"HTTP/1.1 {status}\r\n{rest}", true);
        var (_, id) = await StoreAsync(hub);

        (await host.GetAsync($"/v1/api-keys/{id}/models")).MustBe(502);
    }

    [Theory]
    [InlineData("201 Created")]
    [InlineData("418 Teapot")]
    public async Task No_piece_of_the_secret_stands_in_a_tests_words(string status)
    {
        var piece = "";
        await using var hub = new RawHub((_, connection) => connection.SendAsync($"HTTP/1.1 {status}\r\nContent-Length: {piece.Length + 6}\r\n\r\nYour {piece}!"));
        var (name, id) = await StoreAsync(hub);
        piece = $"sk-test-{name}"[..9];

        var detail = (await host.PostAsync($"/v1/api-keys/{id}/test")).MustBe(200)["detail"].GetString()!;

        Assert.Contains("Your *********!", detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("204 X")]
    [InlineData("205 X")]
    [InlineData("304 X")]
    public async Task An_answer_without_a_body_is_not_waited_for_by_tests_and_lists_and_ends_its_connection(string status)
    {
        var (isOdd, odd) = (false, 0);
        await using var hub = new RawHub((_, connection) =>
        {
            odd += isOdd ? 1 : 0;
            return connection.SendAsync(isOdd ? $"HTTP/1.1 {status}\r\n\r\n" : RawHub.Completion);   // and it stays open
        });
        var (name, id) = await StoreAsync(hub);
        var unsaved = new { hub = "custom", value = "sk-test-unsaved-0001", url = hub.Url, model = "m" };

        foreach (var ask in new Func<Task<Answer>>[]
        {
            () => host.PostAsync($"/v1/api-keys/{id}/test"), () => host.GetAsync($"/v1/api-keys/{id}/models"), () => host.PostAsync("/v1/api-keys/test", unsaved),
            () => host.PostAsync($"/keys/{name}/things", Chat), () => host.GetAsync($"/keys/{name}/things"), () => host.PostAsync("/v1/chat_complete", Contract(name)),
        })
        {
            // Twice on one connection first: what it carries is not only told by its first answer.
            for (var query = 0; query < 2; query++)
                (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(200);
            var before = hub.Connections;

            (isOdd, odd) = (true, 0);
            Assert.NotEqual(500, (int)(await ask()).Status);
            isOdd = false;
            (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(200);

            Assert.Equal(before + odd, hub.Connections);   // each one ended the connection that it came on
        }
    }

    [Fact]
    public async Task An_answer_that_breaks_in_its_head_on_a_kept_connection_is_not_asked_for_again()
    {
        var isOdd = false;
        await using var hub = new RawHub(async (_, connection) =>
        {
            await connection.SendAsync(isOdd ? "HTTP/1.1 200 OK\r\nContent-" : RawHub.Completion);
            if (isOdd)
                connection.Cut();
        });
        var (name, _) = await StoreAsync(hub);
        (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(200);

        isOdd = true;
        (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(502);

        Assert.Equal(2, hub.Requests.Count);
    }

    [Theory]
    [InlineData("204 No Content", 204)]
    [InlineData("205 Reset Content", 205)]
    [InlineData("304 Not Modified", 304)]
    public async Task An_answer_without_a_body_passes_as_its_head_and_its_connection_carries_no_other(string status, int number)
    {
        await using var hub = new RawHub($"HTTP/1.1 {status}\r\nContent-Length: 9\r\nx-model: m\r\n\r\n{{\"a\":\"b\"}}");
        var (name, _) = await StoreAsync(hub);

        for (var query = 1; query <= 3; query++)
        {
            foreach (var path in new[] { $"/keys/{name}/things", "/v1/chat/completions" })
            {
                var got = (await host.SendAsync(HttpMethod.Post, path, Chat, null, ("x-keypace-key", name))).MustBe(number);
                Assert.Empty(got.Text);
            }

            Assert.Equal(2 * query, hub.Connections);
        }

        Assert.Equal(502, (int)(await host.PostAsync("/v1/chat_complete", Contract(name))).Status);
        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_cannot_be_said_is_left_out_and_the_answer_stands()
    {
        await using var hub = new RawHub(RawHub.Completion.Replace("\r\n\r\n", "\r\nx-model: caf\u00e9\r\nx-trace-id: a\u0001b\r\nrequest-id: fine\r\n\r\n", StringComparison.Ordinal));
        var (name, _) = await StoreAsync(hub);

        foreach (var (path, body) in Routes(name))
        {
            var got = (await host.SendAsync(HttpMethod.Post, path, body, null, ("x-keypace-key", name))).MustBe(200);
            Assert.False(got.Headers.ContainsKey("x-model"));
            Assert.False(got.Headers.ContainsKey("x-trace-id"));
        }

        Assert.DoesNotContain("met a bug", host.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("close, Range")]
    [InlineData("Range, Keep-Alive")]
    [InlineData("keep-alive , x-app,range")]
    [InlineData("CLOSE,RANGE,keep-alive")]
    [InlineData("range")]
    [InlineData("close\r\nConnection: range")]
    [InlineData("Range\r\nConnection: Keep-Alive")]
    [InlineData("upgrade\r\nConnection: x-app,range")]
    [InlineData("keep-alive\r\nConnection: x-app, range\r\nConnection: close")]
    public async Task A_header_that_the_callers_connection_names_stays_here_whatever_stands_beside_it(string connection)
    {
        await using var hub = new RawHub(RawHub.Completion);
        var (name, _) = await StoreAsync(hub);
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port, TestContext.Current.CancellationToken);
        var stream = client.GetStream();

        await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(
            $"GET /keys/{name}/files HTTP/1.1\r\nHost: {host.Address.Authority}\r\nAuthorization: Bearer {host.Token}\r\nConnection: {connection}\r\nRange: bytes=0-6\r\nx-stainless-os: any\r\n\r\n"), TestContext.Current.CancellationToken);
        await Until.TrueAsync(() => hub.Requests.Count == 1);

        Assert.DoesNotContain("range:", hub.Requests.Single(), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("x-stainless-os: any", hub.Requests.Single(), StringComparison.OrdinalIgnoreCase);
        var answer = new byte[64 * 1024];
        Assert.StartsWith("HTTP/1.1 200", System.Text.Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer, TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        if (connection.Contains("close", StringComparison.OrdinalIgnoreCase))
        {
            while (await stream.ReadAsync(answer, TestContext.Current.CancellationToken) > 0)
            {
            }
        }
    }

    [Fact]
    public async Task A_length_beside_pieces_says_nothing_and_interim_answers_do_not_pass()
    {
        await using var hub = new RawHub("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"a\":\"b\"}\r\n0\r\n\r\n");
        var (name, _) = await StoreAsync(hub);

        Assert.Equal("""{"a":"b"}""", (await host.PostAsync($"/keys/{name}/things", Chat)).MustBe(200).Text);
    }

    private const string Chat = """{"model":"m","messages":[{"role":"user","content":"Hello"}]}""";

    private static string Contract(string key) => $$$"""{"prompt":"Hello","completion_params":{"api_key":"{{{key}}}","model":"m","max_retries":0}}""";

    private static IEnumerable<(string Path, string Body)> Routes(string key) =>
        [("/v1/chat/completions", Chat), ($"/keys/{key}/chat/completions", Chat), ("/v1/chat_complete", Contract(key)), ("/v1/embeddings", """{"model":"m","input":"x"}""")];

    private async Task<(string Name, string Id)> StoreAsync(RawHub hub)
    {
        var name = FeatureHost.Unique("odd").Replace(' ', '-');
        var stored = (await host.PostAsync("/v1/api-keys", new { name, hub = "custom", value = $"sk-test-{name}", url = hub.Url, rate_limit_per_interval = 1000, rate_limit_interval = 1 })).MustBe(200);
        return (name, stored["id"].GetString()!);
    }

    /// <summary>The codes of the key's records, once there are so many.</summary>
    private async Task<string[]> RecordsAsync(string id, int count)
    {
        string[] codes = [];
        await Until.TrueAsync(async () =>
        {
            host.Time.Advance(TimeSpan.FromMilliseconds(300));
            codes = [.. (await host.GetAsync($"/v1/api-keys/{id}/queries")).MustBe(200)["results"].EnumerateArray().Select(record => record.GetProperty("error_code").GetString() ?? "none")];
            return codes.Length >= count;
        });
        return codes;
    }
}
