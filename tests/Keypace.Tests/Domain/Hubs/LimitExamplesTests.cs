using System.Globalization;
using System.Text;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

/// <summary>The headers and refusals that each hub documents or was seen to send, hub by hub, in the one shape that the rest of Keypace knows.</summary>
public sealed class LimitExamplesTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Headers as <c>name: value</c>; readings as <c>dimension/interval limit remaining reset-in-seconds</c>, a dash for what is not said.</summary>
    public static TheoryData<string, string, string> Headers => new()
    {
        { "openai", "x-ratelimit-limit-requests: 5000|x-ratelimit-remaining-requests: 4999|x-ratelimit-reset-requests: 6m0s|x-ratelimit-limit-tokens: 1000000|x-ratelimit-remaining-tokens: 999000|x-ratelimit-reset-tokens: 14h29m11.04s", "requests/60 5000 4999 360; tokens/60 1000000 999000 52151.04" },
        { "openai", "x-ratelimit-limit-requests: 500|x-ratelimit-remaining-requests: 0|x-ratelimit-reset-requests: 1s", "requests/60 500 0 1" },
        { "together", "x-ratelimit-limit: 10|x-ratelimit-remaining: 3|x-ratelimit-reset: 4", "requests/1 10 3 -; requests/1 - - 4" },
        { "digitalocean", "ratelimit-limit: 120|ratelimit-remaining: 0|ratelimit-reset: 1795435230", "requests/60 120 0 30" },
        { "anthropic", "anthropic-ratelimit-requests-limit: 50|anthropic-ratelimit-requests-remaining: 49|anthropic-ratelimit-requests-reset: 2026-11-23T12:00:02Z|anthropic-ratelimit-tokens-limit: 40000|anthropic-ratelimit-tokens-remaining: 0|anthropic-ratelimit-tokens-reset: 2026-11-23T12:01:00Z|anthropic-ratelimit-input-tokens-limit: 30000|anthropic-ratelimit-output-tokens-limit: 8000", "requests/60 50 49 2; tokens/60 40000 0 60; input_tokens/60 30000 - -; output_tokens/60 8000 - -" },
        { "mistral", "x-ratelimit-limit-req-minute: 50|x-ratelimit-remaining-req-minute: 49|x-ratelimit-limit-tokens-minute: 500000|x-ratelimit-remaining-tokens-minute: 499000|x-ratelimit-tokens-query-cost: 12", "requests/60 50 49 -; tokens/60 500000 499000 -" },
        { "mistral", "x-ratelimit-limit-req-minute: 0", "requests/60 0 - -" },
        { "fireworks", "x-ratelimit-limit-requests: 6000|x-ratelimit-remaining-requests: 5999|x-ratelimit-limit-tokens-prompt: 3600000|x-ratelimit-limit-tokens-generated: 36000|x-ratelimit-over-limit: no", "requests/60 6000 5999 -; input_tokens/60 3600000 - -; output_tokens/60 36000 - -" },
        { "groq", "x-ratelimit-limit-requests: 1000|x-ratelimit-remaining-requests: 999|x-ratelimit-reset-requests: 2m59.56s|x-ratelimit-limit-tokens: 6000|x-ratelimit-remaining-tokens: 5999|x-ratelimit-reset-tokens: 880ms", "requests/86400 1000 999 179.56; tokens/60 6000 5999 0.88" },
        { "openrouter", "x-ratelimit-limit: 20|x-ratelimit-remaining: 0|x-ratelimit-reset: 1795435230000", "requests/60 20 0 30" },
        { "azure", "x-ratelimit-limit-requests: 100|x-ratelimit-remaining-requests: 99|x-ratelimit-remaining-tokens: 99000", "requests/60 100 99 -; tokens/60 - 99000 -" },
        { "xai", "x-ratelimit-limit-requests: 2220|x-ratelimit-remaining-requests: 2219", "requests/60 2220 2219 -" },
        { "cerebras", "x-ratelimit-limit-requests-day: 14400|x-ratelimit-remaining-requests-day: 14399|x-ratelimit-reset-requests-day: 43200.5|x-ratelimit-limit-tokens-minute: 30000|x-ratelimit-remaining-tokens-minute: 29000|x-ratelimit-reset-tokens-minute: 12.75", "requests/86400 14400 14399 43200.5; tokens/60 30000 29000 12.75" },
        { "custom", "ratelimit-limit: 100|ratelimit-remaining: 0|ratelimit-reset: 30", "requests/60 100 0 30" },
        { "gemini", "content-type: application/json", "" },
        { "vertex", "content-type: application/json", "" },
        { "nvidia", "date: Mon, 23 Nov 2026 12:00:00 GMT", "" },
        { "bedrock", "x-amzn-requestid: 1", "" },
    };

    /// <summary>A refusal, and what it means: a <see cref="TerminalCause"/>, <c>wait SECONDS</c>, <c>wait</c> (how long is not said), or <c>no limit</c>.</summary>
    public static TheoryData<string, int, string, string, string> Refusals => new()
    {
        { "openai", 429, "retry-after: 20|retry-after-ms: 19880", """{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}""", "wait 19.88" },
        { "openai", 429, "", """{"error":{"message":"x","type":"tokens","param":null,"code":"rate_limit_reached"}}""", "wait" },
        { "openai", 429, "", """{"error":{"message":"x","type":"rate_limit_error","param":null,"code":"slow_down"}}""", "wait" },
        { "openai", 429, "retry-after: 20", """{"error":{"message":"x","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}""", "NothingLeft" },
        { "openai", 429, "", """{"error":{"message":"x","type":"billing","param":null,"code":"organization_spend_limit_exceeded"}}""", "NothingLeft" },
        { "openai", 429, "", """{"error":{"message":"x","type":"billing","param":null,"code":"project_spend_limit_exceeded"}}""", "NothingLeft" },
        { "openai", 429, "", """{"error":{"message":"x","type":"billing","param":null,"code":"organization_usage_limit_reached"}}""", "NothingLeft" },
        { "together", 429, "x-ratelimit-reset: 4", """{"error":{"message":"x","type":"dynamic_request_limited","param":null,"code":null}}""", "wait 4" },
        { "together", 429, "", """{"error":{"message":"x","error_type":"dynamic_token_limited"}}""", "wait" },
        { "together", 503, "", """{"error":{"message":"overloaded"}}""", "no limit" },
        { "vertex", 429, "", """{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"23s"}]}}""", "wait 23" },
        { "vertex", 429, "", """{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}""", "wait" },
        { "digitalocean", 429, "retry-after: 9", """{"id":"too_many_requests","message":"API Rate limit exceeded."}""", "wait 9" },
        { "digitalocean", 429, "ratelimit-remaining: 0|ratelimit-reset: 1795435230", """{"type":"rate_limit_exceeded_error","status_code":429}""", "wait 30" },
        { "anthropic", 429, "retry-after: 12", """{"type":"error","error":{"type":"rate_limit_error","message":"x"},"request_id":"r"}""", "wait 12" },
        { "anthropic", 429, "", """{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"r"}""", "NothingLeft" },
        { "anthropic", 529, "", """{"type":"error","error":{"type":"overloaded_error","message":"x"}}""", "wait" },
        { "mistral", 429, "retry-after: 1", """{"object":"error","message":"Rate limit exceeded","type":"rate_limit_error","param":null,"code":"1300"}""", "wait 1" },
        { "mistral", 429, "", """{"message":"Rate limit exceeded"}""", "wait" },
        { "mistral", 429, "x-ratelimit-limit-req-minute: 0", """{"message":"Rate limit exceeded"}""", "NotOnPlan" },
        { "fireworks", 429, "x-ratelimit-over-limit: yes", """{"error":"rate limit exceeded"}""", "wait" },
        { "fireworks", 429, "", """{"error":{"message":"x","object":"error","type":"rate_limit","param":null,"code":"RATE_LIMIT"}}""", "wait" },
        { "groq", 429, "retry-after: 6", """{"error":{"message":"Rate limit reached for model X in organization O on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s.","type":"tokens","code":"rate_limit_exceeded"}}""", "wait 6" },
        { "groq", 429, "", """{"error":{"message":"Rate limit reached for model X in organization O on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s.","type":"tokens","code":"rate_limit_exceeded"}}""", "wait 5.289" },
        { "nvidia", 429, "", """{"status":429,"title":"Too Many Requests"}""", "wait" },
        { "openrouter", 429, "x-ratelimit-limit: 20|x-ratelimit-remaining: 0|x-ratelimit-reset: 1795435230000", """{"error":{"code":429,"message":"Rate limit exceeded: free-models-per-min","metadata":{"error_type":"rate_limit_exceeded"}}}""", "wait 30" },
        { "openrouter", 402, "", """{"error":{"code":402,"message":"Insufficient credits"}}""", "NothingLeft" },
        { "bedrock", 429, "x-amzn-errortype: ThrottlingException", """{"message":"Too many requests, please wait before trying again."}""", "wait" },
        { "bedrock", 429, "x-amzn-errortype: ServiceQuotaExceededException:http://internal.amazon.com/", """{"message":"Your account has no quota for this model."}""", "NothingLeft" },
        { "bedrockAgents", 429, "x-amzn-errortype: ThrottlingException", """{"message":"Rate exceeded"}""", "wait" },
        { "azure", 429, "retry-after: 20|retry-after-ms: 19900|x-ms-retry-after-ms: 19800", """{"error":{"code":"429","message":"Please retry after 20 seconds."}}""", "wait 19.9" },
        { "azure", 429, "x-ms-retry-after-ms: 19800", """{"error":{"code":"RateLimitReached","message":"x"}}""", "wait 19.8" },
        { "azure", 429, "", """{"error":{"code":"too_many_requests","message":"Requests have exceeded the limit. Please retry after 7 seconds."}}""", "wait 7" },
        { "gemini", 429, "", """{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x","details":[{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"23s"}]}}""", "wait 23" },
        { "deepseek", 429, "", """{"error":{"message":"x","type":"rate_limit","param":null,"code":"rate_limit"}}""", "wait" },
        { "xai", 429, "", """{"code":"Some resource has been exhausted","error":"Too many requests"}""", "wait" },
        { "cohere", 429, "", """{"message":"You are using a Trial key, which is limited to 20 API calls / minute."}""", "wait" },
        { "huggingface", 429, "retry-after: Mon, 23 Nov 2026 12:00:30 GMT", "{}", "wait 30" },
        { "cerebras", 429, "x-ratelimit-remaining-tokens-minute: 0|x-ratelimit-reset-tokens-minute: 12.75", """{"message":"x","type":"too_many_tokens_error","param":"quota","code":"token_quota_exceeded"}""", "wait 12.75" },
        { "perplexity", 429, "", """{"error":{"message":"x","type":"rate_limit","code":429}}""", "wait" },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Headers_are_read_into_one_shape(string hub, string headers, string expected)
    {
        Span<LimitReading> readings = new LimitReading[16];
        var count = LimitSignals.ReadAll(TestHubs.Named(hub), Of(headers), Now, readings);
        var read = new List<string>();
        foreach (var (dimension, interval, limit, remaining, reset) in readings[..count])
            read.Add(string.Create(CultureInfo.InvariantCulture, $"{LimitSignals.WordOf(dimension)}/{interval} {Said(limit)} {Said(remaining)} {Said(reset?.TotalSeconds)}"));
        Assert.Equal(expected, string.Join("; ", read));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refusal_says_whether_and_how_long_to_wait(string hub, int status, string headers, string body, string expected)
    {
        var signal = LimitSignals.Read(TestHubs.Named(hub), status, Of(headers), Encoding.UTF8.GetBytes(body), Now);
        var means = !signal.IsLimit ? "no limit" : signal.IsTerminal ? signal.Terminal.ToString()
            : signal.Wait is { } wait ? string.Create(CultureInfo.InvariantCulture, $"wait {wait.TotalSeconds}") : "wait";
        Assert.Equal(expected, means);
    }

    [Fact]
    public void Every_hub_has_an_example_of_a_refusal()
    {
        var named = Refusals.Select(row => row.Data.Item1).ToHashSet();
        Assert.All(TestHubs.Catalogue.All.Where(hub => hub.Name is not ("custom" or "bedrock_custom")), hub => Assert.Contains(hub.Name, named));
    }

    private static string Said<T>(T? value)
        where T : struct, IFormattable => value?.ToString(null, CultureInfo.InvariantCulture) ?? "-";

    private static Func<string, string?> Of(string headers)
    {
        var all = headers.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => all.GetValueOrDefault(name);
    }
}
