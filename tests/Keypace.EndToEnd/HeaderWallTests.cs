namespace Keypace.EndToEnd;

/// <summary>Headers, methods and query strings at the two edges of the built server, with a hub that keeps what it gets and says what it should not.</summary>
public sealed class HeaderWallTests(SharedKeypace keypace)
{
    private static readonly string[] Hidings =
        ["x_api_key", "ApiKey", "X-Access-Token", "X-Auth", "openai-api-key", "User-Agent", "Idempotency-Key", "x-stainless-lang", "X-Original-URL", "Content-Language"];

    [Theory]
    [InlineData("walls", "/v1/chat/completions")]
    [InlineData("other%20walls", "/keys/other%20walls/v1/chat/completions")]
    public async Task Our_token_goes_to_no_hub_wherever_it_stands(string name, string path)
    {
        await using var hub = await HubAsync(Uri.UnescapeDataString(name));
        var token = keypace.Running.Folder.Token;

        (await keypace.Api.PostAsync(path, Api.Chat("m"), [("x-keypace-key", name), .. Hidings.Select(hiding => (hiding, token))])).MustBe(200);
        (await keypace.Api.PostAsync($"/keys/{name}/v1/x?a=" + token, Api.Chat("m"))).MustRefuseQuery(400);
        (await keypace.Api.PostAsync($"/keys/{name}/v1/x?a=%6b" + token[1..], Api.Chat("m"))).MustRefuseQuery(400);
        (await keypace.Api.PostAsync($"/keys/{name}/v1/x?a=kpu_0123456789ab_0123456789012345678901234567890123456789012345678", Api.Chat("m"))).MustRefuseQuery(400);

        var arrival = Assert.Single(hub.Seen);
        Assert.DoesNotContain(arrival.Headers, header => header.Value.Contains("kpa_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_SDKs_send_arrives_and_what_proxies_obey_does_not()
    {
        await using var hub = await HubAsync("sdk headers");
        string[] arriving = ["Range", "If-None-Match", "If-Modified-Since", "Idempotency-Key", "anthropic-beta", "openai-beta", "x-stainless-os", "traceparent"];
        string[] staying = ["X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Forwarded-Host", "X-Accel-Redirect", "Via", "Referer", "x-whatever", "x-stainless-arch"];

        (await keypace.Api.GetAsync(
            "/keys/sdk%20headers/v1/files", [.. arriving.Select(name => (name, ValueOf(name))), .. staying.Select(name => (name, "1")), ("Connection", "x-stainless-arch")])).MustBe(200);

        var arrival = Assert.Single(hub.Seen);
        Assert.All(arriving, name => Assert.Equal(ValueOf(name), arrival.Header(name)));
        Assert.All(staying, name => Assert.Null(arrival.Header(name)));
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("TRACK")]
    [InlineData("PROPFIND")]
    public async Task A_method_that_no_SDK_uses_reaches_no_hub(string method)
    {
        await using var hub = await HubAsync("methods " + method);
        var status = await RawHttp.StatusAsync(
            keypace.Running.Address, $"{method} /keys/methods%20{method}/v1/x HTTP/1.1\r\nAuthorization: Bearer {keypace.Running.Folder.Token}\r\n");
        Assert.Equal(405, status);
        Assert.Empty(hub.Seen);
    }

    [Fact]
    public async Task A_hub_gives_no_commands_and_every_answer_is_boxed_in()
    {
        (string, string)[] said =
        [
            ("X-Accel-Redirect", "/internal"), ("X-Sendfile", "/etc/passwd"), ("Link", "</x>; rel=preload"), ("Service-Worker-Allowed", "/"), ("SourceMap", "/x"),
            ("Content-Security-Policy", "default-src *"), ("Cache-Control", "public, max-age=60"), ("Cross-Origin-Resource-Policy", "cross-origin"), ("Set-Cookie", "a=b"),
            ("Location", "/v1/files/7?x=1"), ("openai-processing-ms", "3"),
        ];
        await using var hub = await HubAsync("boxed in", said);

        var passed = (await keypace.Api.GetAsync("/keys/boxed%20in/v1/files")).MustBe(200);
        Assert.All(said[..5], header => Assert.Null(passed.Header(header.Item1)));
        Assert.Null(passed.Header("Set-Cookie"));
        Assert.Equal("/keys/boxed%20in/v1/files/7?x=1", passed.Header("Location"));
        Assert.Equal("3", passed.Header("openai-processing-ms"));

        Answer[] answers =
        [
            passed,
            await keypace.Api.ChatAsync("boxed in"),
            await keypace.Api.ChatAsync("no such key"),
            await keypace.Api.GetAsync("/keys/no%20such%20key/v1/x"),
            await keypace.Api.PostAsync("/v1/models", new { }),
            await keypace.Api.GetAsync("/v1/chat/completions"),
            await keypace.Api.GetAsync("/v1/realtime"),
            await keypace.Api.PostAsync("/v1/chat_complete", new { prompt = "x" }),
        ];
        foreach (var answer in answers)
        {
            Assert.Equal("sandbox; default-src 'none'", answer.Header("Content-Security-Policy"));
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            Assert.Equal("same-origin", answer.Header("Cross-Origin-Resource-Policy"));
            Assert.Equal("no-store", answer.Header("Cache-Control"));
        }
    }

    private static string ValueOf(string name) => name switch
    {
        "Range" => "bytes=0-9",
        "If-None-Match" => "\"1\"",
        "If-Modified-Since" => "Mon, 23 Nov 2026 12:00:00 GMT",
        "traceparent" => "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        _ => "1",
    };

    private async Task<NativeHub> HubAsync(string name, params (string Name, string Value)[] headers)
    {
        var hub = await NativeHub.StartAsync(_ => NativeReply.Json(200, """{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"hi"}}]}""", headers));
        await keypace.Running.StoreKeyAsync(hub.Address, Secrets.New(), name, null);
        return hub;
    }
}
