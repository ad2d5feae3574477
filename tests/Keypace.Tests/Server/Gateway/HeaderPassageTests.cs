using System.Net;
using System.Text;
using CsCheck;
using Keypace.Domain.Access;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;
using Keypace.Tests.Domain.Hubs;
using Microsoft.AspNetCore.Http;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Which headers pass, to the hub and back.</summary>
public sealed class HeaderPassageTests
{
    private const string Token = "kpa_0123456789ab_0123456789012345678901234567890123456789012345678";

    [Theory]
    [InlineData("Accept")]
    [InlineData("user-agent")]
    [InlineData("Range")]
    [InlineData("If-None-Match")]
    [InlineData("If-Modified-Since")]
    [InlineData("Idempotency-Key")]
    [InlineData("anthropic-beta")]
    [InlineData("Anthropic-Version")]
    [InlineData("OpenAI-Organization")]
    [InlineData("openai-safety-identifier")]
    [InlineData("x-stainless-retry-count")]
    [InlineData("traceparent")]
    [InlineData("X-B3-TraceId")]
    [InlineData("X-Fern-SDK-Name")]
    [InlineData("Content-Encoding")]
    [InlineData("x-goog-api-client")]
    [InlineData("x-amzn-bedrock-trace")]
    [InlineData("x-ms-client-request-id")]
    public void What_SDKs_send_reaches_the_hub(string name) => Assert.True(ToHub(name));

    [Theory]
    [InlineData("Authorization")]
    [InlineData("x-api-key")]
    [InlineData("x_api_key")]
    [InlineData("ApiKey")]
    [InlineData("X-Access-Token")]
    [InlineData("X-Auth-Token")]
    [InlineData("x-goog-api-key")]
    [InlineData("openai-api-key")]
    [InlineData("anthropic-auth-token")]
    [InlineData("x-stainless-api-key")]
    [InlineData("X-Amz-Security-Token")]
    [InlineData("x-ms-token-aad-access-token")]
    [InlineData("Cookie")]
    [InlineData("Connection")]
    [InlineData("TE")]
    [InlineData("Upgrade")]
    [InlineData("Host")]
    [InlineData("Proxy-Authorization")]
    [InlineData("X-Original-URL")]
    [InlineData("X-Rewrite-URL")]
    [InlineData("X-HTTP-Method-Override")]
    [InlineData("X-Forwarded-For")]
    [InlineData("Forwarded")]
    [InlineData("CF-Connecting-IP")]
    [InlineData("x-keypace-caller")]
    [InlineData("x-keypace")]
    [InlineData("x-anything-else")]
    public void Nothing_else_does(string name) => Assert.False(ToHub(name));

    [Fact]
    public void A_header_that_the_connection_names_stays_here()
    {
        var headers = new HeaderDictionary { ["Connection"] = "close, X-Stainless-Lang , user-agent" };
        Assert.False(ToHub("x-stainless-lang", headers: headers));
        Assert.False(ToHub("User-Agent", headers: headers));
        Assert.True(ToHub("x-stainless-os", headers: headers));
    }

    [Theory]
    [InlineData("before " + Token + " after")]
    [InlineData("kpz_0123456789ab_0123456789012345")]
    [InlineData("kpkpkpu_0123456789ab_0123456789012345")]
    [InlineData("%6Bp%61_0123456789ab%5F0123456789012345")]
    [InlineData("%256Bpa_0123456789ab_0123456789012345")]
    [InlineData("kpz_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")]
    public void A_value_with_a_token_of_ours_stays_here(string value)
    {
        Assert.True(AccessTokenText.StandsIn(value));
        Assert.False(ToHub("Idempotency-Key", value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("kp")]
    [InlineData("kpa_short_0123456789012345")]
    [InlineData("kpa_0123456789ab_012345678")]
    [InlineData("KPA_0123456789ab_0123456789012345")]
    [InlineData("100% kpa")]
    [InlineData("kpi_quarterly_report_of_the_whole_company_2026")]
    public void What_only_looks_like_one_passes(string value) => Assert.False(AccessTokenText.StandsIn(value));

    [Fact]
    public void Every_token_is_found_wherever_it_stands() =>
        Gen.Select(Gen.Int, Gen.Enum<TokenKind>(), Gen.String[Gen.Char["kpa_ %x"], 0, 20], Gen.String[Gen.Char["kpa_ %x"], 0, 20])
            .Sample((seed, kind, before, after) => AccessTokenText.StandsIn(before + AccessTokenText.Create(kind, new Random(seed).NextBytes).Reveal() + after));

    [Fact]
    public void The_bodys_own_headers_pass_only_with_the_body_as_it_came()
    {
        var rules = new HeadersToHub(ServedKeys.Custom, new HeaderDictionary(), isBodyAsItCame: false);
        Assert.False(rules.Pass("Content-Encoding", "gzip"));
        Assert.False(rules.Pass("Digest", "x"));
    }

    [Fact]
    public void A_hub_file_adds_headers_and_its_limit_headers_come_back()
    {
        var hub = TestHubs.With("\"passes\": {\"to_hub\": [\"x-acme-*\", \"team\"], \"to_caller\": [\"x-acme-cost\"]}, \"limit_headers\": [{\"interval_seconds\": 60, \"limit\": \"acme-most\"}]");
        var key = ServedKeys.Of(hub);
        Assert.True(ToHub("X-Acme-Mode", key: key));
        Assert.True(ToHub("team", key: key));
        Assert.False(ToHub("X-Acme-Api-Key", key: key));
        Assert.Equal(["acme-most", "x-acme-cost"], Passed(key, ("x-acme-cost", "1"), ("acme-most", "60"), ("x-acme-other", "1")));
    }

    [Theory]
    [InlineData("authorization")]
    [InlineData("x-acme-token")]
    [InlineData("x-*")]
    [InlineData("*")]
    [InlineData("x-accel-redirect")]
    [InlineData("x-accel*")]
    [InlineData("x-forwarded-user")]
    [InlineData("x_forwarded_for")]
    [InlineData("connection")]
    [InlineData("link*")]
    [InlineData("X-Upper")]
    [InlineData("x-keypace-caller")]
    [InlineData("content-*")]
    public void A_hub_file_may_not_name_credentials_framing_or_commands(string name)
    {
        Assert.False(HeaderNames.MayPass(name));
        Assert.False(TestHubs.Parse(TestHubs.Small.Insert(1, $"\"passes\": {{\"to_hub\": [\"{name}\"]}},")).TryGet(out _, out var refusal));
        Assert.Contains("passes.to_hub", refusal.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_an_answer_only_what_SDKs_read_passes()
    {
        Assert.Equal(
            ["Content-Type", "ETag", "Retry-After", "anthropic-organization-id", "openai-processing-ms", "x-keypace-hub-request-id", "x-ratelimit-remaining-tokens"],
            Passed(
                ServedKeys.Custom,
                ("X-Accel-Redirect", "/internal"), ("X-Sendfile", "/etc/passwd"), ("Link", "</x>; rel=preload"), ("Service-Worker-Allowed", "/"), ("SourceMap", "/x"),
                ("Set-Cookie", "a=b"), ("Refresh", "0;url=/"), ("Clear-Site-Data", "*"), ("Access-Control-Allow-Origin", "*"), ("WWW-Authenticate", "Basic"),
                ("X-Accel-Limit-Rate", "1"), ("Strict-Transport-Security", "max-age=0"), ("Alt-Svc", "h2"), ("x-keypace-remaining", "0"), ("Server", "x"),
                ("Content-Type", "text/html"), ("ETag", "\"1\""), ("Retry-After", "1"), ("openai-processing-ms", "3"), ("anthropic-organization-id", "o"),
                ("x-ratelimit-remaining-tokens", "4"), ("x-request-id", "r")));
    }

    [Fact]
    public void Our_own_headers_stand_over_the_hubs()
    {
        var response = Write(ServedKeys.Custom, "https://hub.example/v1/x", ("Content-Security-Policy", "default-src *"), ("Cache-Control", "public"), ("Cross-Origin-Resource-Policy", "cross-origin"));
        Assert.Equal("sandbox; default-src 'none'", response.Headers.ContentSecurityPolicy);
        Assert.Equal("nosniff", response.Headers.XContentTypeOptions);
        Assert.Equal("same-origin", response.Headers["Cross-Origin-Resource-Policy"]);
        Assert.Equal("no-store", response.Headers.CacheControl);
    }

    [Theory]
    [InlineData("\u0001")]
    [InlineData("caf\u00e9")]
    [InlineData("a\u007f")]
    public void A_value_that_cannot_be_said_is_left_out(string value) => Assert.Empty(Passed(ServedKeys.Custom, ("openai-model", value)));

    [Theory]
    [InlineData("https://hub.example/v1/files/1?x=y", "/keys/lab%20key/v1/files/1?x=y")]
    [InlineData("/v1/files/1", "/keys/lab%20key/v1/files/1")]
    [InlineData("1", "/keys/lab%20key/v1/batches/1")]
    [InlineData("//hub.example/v1/z", "/keys/lab%20key/v1/z")]
    [InlineData("https://hub.example:443/v1/z", "/keys/lab%20key/v1/z")]
    [InlineData("http://hub.example/v1/z", null)]
    [InlineData("https://evil.example/v1/z", null)]
    [InlineData("//evil.example/v1/z", null)]
    [InlineData("https://hub.example@evil.example/v1/z", null)]
    [InlineData("https://user@hub.example/v1/z", null)]
    [InlineData("https://hub.example/v2/z", null)]
    [InlineData("/v1/../admin", null)]
    [InlineData("/v1/%2e%2e/admin", null)]
    [InlineData("/v1/%2f..%2fadmin", null)]
    [InlineData("javascript:alert(1)", null)]
    [InlineData("https://hub.example/v11/z", null)]
    [InlineData("/v1", "/keys/lab%20key/v1")]
    [InlineData("/v1/org%2Fmodel", "/keys/lab%20key/v1/org%2Fmodel")]
    [InlineData("/v1//double//slash?q=//", "/keys/lab%20key/v1//double//slash?q=//")]
    [InlineData("/v1/%2f%2f/..;/admin", null)]
    [InlineData("/v1/%252e%252e/admin", null)]
    [InlineData("//hub.example:444/v1/z", null)]
    public void An_address_is_said_through_the_key_where_it_leads_under_its_own(string location, string? said)
    {
        var response = Write(ServedKeys.Custom, "https://hub.example:443/v1/batches/0?a=b", ("Location", location));
        Assert.Equal(said, response.Headers.Location.Count == 0 ? null : response.Headers.Location.ToString());

        var upload = Write(ServedKeys.Custom, "https://hub.example:443/v1/batches/0?a=b", ("X-Goog-Upload-URL", location));
        Assert.Equal(said, upload.Headers.TryGetValue("x-goog-upload-url", out var address) ? address.ToString() : null);
    }

    [Fact]
    public void Figures_whose_names_sound_like_a_secret_pass_by_their_whole_name() =>
        Assert.Equal(["fireworks-server-time-to-first-token", "x-tokenlimit-remaining"],
            Passed(ServedKeys.Custom, ("x-tokenlimit-remaining", "1"), ("fireworks-server-time-to-first-token", "0.1"), ("x-tokenlimit-secret", "2")));

    [Fact]
    public void A_header_that_the_hubs_connection_names_stays_here()
    {
        Assert.Equal(["ETag"], Passed(ServedKeys.Custom, ("Connection", "keep-alive, Retry-After,content-type"), ("Retry-After", "1"), ("Content-Type", "x/y"), ("ETag", "\"1\"")));
        Assert.Equal(["Retry-After"], Passed(ServedKeys.Custom, ("Connection", "Keep-Alive"), ("Retry-After", "1")));
    }

    [Theory]
    [InlineData("openai-organization", Token)]
    [InlineData("ETag", "\"kpz_0123456789ab_0123456789012345\"")]
    [InlineData("x-request-id", "%6Bpa_0123456789ab_0123456789012345")]
    [InlineData("Content-Type", "text/plain; a=" + Token)]
    [InlineData("Location", "https://hub.example/v1/z?a=" + Token)]
    [InlineData("x-ratelimit-" + Token, "1")]
    public void A_header_with_a_token_of_ours_does_not_come_back(string name, string value) => Assert.Empty(Passed(ServedKeys.Custom, (name, value)));

    [Theory]
    [InlineData("x-ratelimit-limit-{0}")]
    [InlineData("openai-{1}")]
    [InlineData("openai-{2}-x")]
    [InlineData("anthropic-{3}")]
    [InlineData("x-stainless-{4}")]
    public void The_secret_passes_in_no_capitals_as_a_headers_name(string name)
    {
        const string Secret = "sk-proj-Test-Not-A-Real-Key-0001";
        var hex = Convert.ToHexString(Encoding.ASCII.GetBytes(Secret));
        name = string.Format(System.Globalization.CultureInfo.InvariantCulture, name, Secret, Secret.ToLowerInvariant(), Secret.ToUpperInvariant()[8..], hex, hex.ToLowerInvariant()[..20]);
        Assert.Empty(Passed(ServedKeys.Custom, Encoding.ASCII.GetBytes(Secret), (name, "1"), ("Server", "x")));
        Assert.Equal(["x-ratelimit-limit-other"], Passed(ServedKeys.Custom, Encoding.ASCII.GetBytes(Secret), ("x-ratelimit-limit-other", "1")));
    }

    [Theory]
    [InlineData("TRACE")]
    [InlineData("CONNECT")]
    [InlineData("TRACK")]
    [InlineData("trace")]
    [InlineData("get")]
    [InlineData("X")]
    public void Other_methods_never_pass(string method) => Assert.Null(HubMethods.Of(method));

    private static bool ToHub(string name, string value = "x", HeaderDictionary? headers = null, ServedKey? key = null) =>
        new HeadersToHub(key ?? ServedKeys.Custom, headers ?? [], isBodyAsItCame: true).Pass(name, value);

    private static string[] Passed(ServedKey key, params (string Name, string Value)[] headers) => Passed(key, [], headers);

    private static string[] Passed(ServedKey key, byte[] secret, params (string Name, string Value)[] headers) =>
        [.. Write(key, "https://hub.example/v1/x", secret, headers).Headers.Select(header => header.Key).Except(Own).Order(StringComparer.Ordinal)];

    private static readonly string[] Own = ["Content-Security-Policy", "X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Cache-Control"];

    private static HttpResponse Write(ServedKey key, string target, params (string Name, string Value)[] headers) => Write(key, target, [], headers);

    private static HttpResponse Write(ServedKey key, string target, byte[] secret, params (string Name, string Value)[] headers)
    {
        using var scrub = SecretScrub.For(secret);
        using var routed = new Routed(new ModelChoice(key, null, null), KnownTargets.Parse(target), HttpMethod.Get, null);
        using var answer = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes("x")) };
        foreach (var (name, value) in headers)
        {
            if (!answer.Headers.TryAddWithoutValidation(name, value))
                answer.Content.Headers.TryAddWithoutValidation(name, value);
        }

        var response = new DefaultHttpContext().Response;
        AnswerHead.Write(answer, response, routed, scrub);
        return response;
    }
}
