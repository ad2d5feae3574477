using System.Text;
using CsCheck;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Tests.Domain.Hubs;

public sealed class LimitSignalsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("retry-after", "7", 7)]
    [InlineData("retry-after", "0", 0)]
    [InlineData("retry-after", "1.5", 1.5)]
    [InlineData("retry-after", " 20 ", 20)]
    [InlineData("retry-after", "Mon, 23 Nov 2026 12:00:30 GMT", 30)]
    [InlineData("retry-after", "Monday, 23-Nov-26 12:00:30 GMT", 30)]
    [InlineData("retry-after", "Mon Nov 23 12:00:30 2026", 30)]
    [InlineData("retry-after", "200000", 90_000)]
    [InlineData("retry-after-ms", "880", 0.88)]
    [InlineData("retry-after-ms", "1250.5", 1.2505)]
    [InlineData("x-ms-retry-after-ms", "3000", 3)]
    public void Headers_that_say_how_long_to_wait_are_read(string header, string text, double seconds) =>
        Assert.Equal(seconds, Wait("openai", 429, "", (header, text))!.Value.TotalSeconds, 3);

    [Theory]
    [InlineData("retry-after", "-5")]
    [InlineData("retry-after", "")]
    [InlineData("retry-after", "NaN")]
    [InlineData("retry-after", "Infinity")]
    [InlineData("retry-after", "1e300")]
    [InlineData("retry-after", "99999999999999999999999999")]
    [InlineData("retry-after", "soon")]
    [InlineData("retry-after", "0x10")]
    [InlineData("retry-after", "1,5")]
    [InlineData("retry-after", "Mon, 23 Nov 2026 11:59:30 GMT")]
    [InlineData("retry-after", "Mon, 99 Nov 2026 11:59:30 GMT")]
    [InlineData("retry-after-ms", "-1")]
    [InlineData("x-ratelimit-reset-requests", "5")]
    public void Nonsense_and_the_past_are_no_wait(string header, string text) => Assert.Null(Wait("openai", 429, "", (header, text), ("x-ratelimit-remaining-requests", "3")));

    [Fact]
    public void The_finer_header_comes_first()
    {
        Assert.Equal(0.88, Wait("openai", 429, "", ("retry-after", "1"), ("retry-after-ms", "880"))!.Value.TotalSeconds, 3);
        Assert.Equal(1, Wait("openai", 429, "", ("retry-after", "1"), ("retry-after-ms", "nonsense"))!.Value.TotalSeconds, 3);
    }

    [Theory]
    [InlineData("1s", 1)]
    [InlineData("6m0s", 360)]
    [InlineData("14h29m11.04s", 52_151.04)]
    [InlineData("2m59.56s", 179.56)]
    [InlineData("880ms", 0.88)]
    [InlineData("1m30.5s", 90.5)]
    [InlineData("15ns", 0)]
    [InlineData("12µs", 0)]
    [InlineData("30", 30)]
    [InlineData("0.5", 0.5)]
    [InlineData("1795435230", 30)]
    [InlineData("1795435230000", 30)]
    [InlineData("1795435230.25", 30.25)]
    [InlineData("2026-11-23T12:00:30Z", 30)]
    [InlineData("2026-11-23T13:00:30.5+01:00", 30.5)]
    [InlineData("Mon, 23 Nov 2026 12:00:30 GMT", 30)]
    public void A_reset_is_read_in_every_dialect(string text, double seconds)
    {
        Assert.Equal(1795435230, Now.AddSeconds(30).ToUnixTimeSeconds());
        Assert.Equal(seconds, Wait("openai", 429, "", ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", text))!.Value.TotalSeconds, 2);
    }

    [Theory]
    [InlineData("1s2m")]
    [InlineData("1x")]
    [InlineData("s")]
    [InlineData("1.2.3s")]
    [InlineData("-1s")]
    [InlineData("1795435100")]
    [InlineData("2026-11-23")]
    [InlineData("2025-11-23T12:00:30Z")]
    [InlineData("99999999999999999")]
    public void A_reset_that_is_none_is_ignored(string text) =>
        Assert.Null(Wait("openai", 429, "", ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", text)));

    [Fact]
    public void The_dimension_that_is_used_up_says_how_long()
    {
        // Tokens are gone and come back in 5.289 s; the day's requests are far from it.
        Assert.Equal(5.289, Wait("groq", 429, "",
            ("x-ratelimit-remaining-requests", "900"), ("x-ratelimit-reset-requests", "14h29m11.04s"),
            ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "5.289s"))!.Value.TotalSeconds, 3);
        Assert.Equal(30, Wait("anthropic", 429, "",
            ("anthropic-ratelimit-requests-remaining", "0"), ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:30Z"),
            ("anthropic-ratelimit-tokens-remaining", "5"), ("anthropic-ratelimit-tokens-reset", "2026-11-23T12:01:00Z"))!.Value.TotalSeconds, 3);
        Assert.Equal(30, Wait("digitalocean", 429, "", ("ratelimit-remaining", "0"), ("ratelimit-reset", "1795435230"))!.Value.TotalSeconds, 3);
        Assert.Equal(30, Wait("openrouter", 429, "", ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795435230000"))!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void Moments_are_measured_by_the_hubs_own_clock()
    {
        Assert.Equal(5, Wait("openai", 429, "", ("date", "Mon, 23 Nov 2026 13:00:00 GMT"), ("retry-after", "Mon, 23 Nov 2026 13:00:05 GMT"))!.Value.TotalSeconds, 3);
        Assert.Equal(5, Wait("openai", 429, "", ("date", "Mon, 23 Nov 2026 11:00:00 GMT"), ("retry-after", "Mon, 23 Nov 2026 11:00:05 GMT"))!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void Together_says_only_how_long() =>
        Assert.Equal(3, Wait("together", 429, "", ("x-ratelimit-limit", "10"), ("x-ratelimit-remaining", "4"), ("x-ratelimit-reset", "3"))!.Value.TotalSeconds, 3);

    [Theory]
    [InlineData("groq", """{"error":{"message":"Rate limit reached for model X in organization on tokens per minute (TPM): Limit 15000, Used 11972, Requested 4351. Please try again in 5.289s.","type":"tokens","code":"rate_limit_exceeded"}}""", 5.289)]
    [InlineData("openai", """{"error":{"message":"Please try again in 6m0s.","type":"requests","code":"rate_limit_exceeded"}}""", 360)]
    [InlineData("openai", """{"error":{"message":"TRY AGAIN IN 4S"}}""", 4)]
    [InlineData("openai", """{"error":{"message":"TRY AGAIN IN 1M3S."}}""", 63)]
    [InlineData("openai", """{"error":{"message":"Retry After 4 Seconds"}}""", 4)]
    [InlineData("openai", """{"error":{"message":"RETRY IN 2 MINUTES"}}""", 120)]
    [InlineData("openai", """{"error":{"message":"Retry after 1500 MS"}}""", 1.5)]
    [InlineData("azure", """{"error":{"code":"429","message":"Please retry after 20 seconds."}}""", 20)]
    [InlineData("gemini", """{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"23s"}]}}""", 23)]
    [InlineData("vertex", """[{"error":{"code":429,"details":[{"retryDelay":"1.5s"}]}}]""", 1.5)]
    [InlineData("openai", "Please try again in 20ms", 0.02)]
    [InlineData("openai", "try again in 2 minutes", 120)]
    [InlineData("openai", "Try again in 20ms", 0.02)]
    [InlineData("openai", "RETRY AFTER 20 seconds", 20)]
    public void A_wait_in_the_body_is_read(string hub, string body, double seconds) =>
        Assert.Equal(seconds, Wait(hub, 429, body)!.Value.TotalSeconds, 3);

    [Theory]
    [InlineData("openai", """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""")]
    [InlineData("openai", """{"error":{"type":"insufficient_quota","code":"credit_balance_exhausted"}}""")]
    [InlineData("openai", """{"error":{"code":"organization_spend_limit_exceeded"}}""")]
    [InlineData("openai", """{"error":{"code":"project_spend_limit_exceeded"}}""")]
    [InlineData("openai", """{"error":{"code":"organization_usage_limit_reached"}}""")]
    [InlineData("anthropic", """{"type":"error","error":{"type":"rate_limit_error","message":"…","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"x"}""")]
    [InlineData("openai", """{"error":{"code":"insufficient_quota","message":"cut off he""")]
    public void What_waiting_does_not_cure_is_terminal(string hub, string body)
    {
        var signal = Read(hub, 429, body, ("retry-after", "1"));
        Assert.Equal(TerminalCause.NothingLeft, signal.Terminal);
        Assert.Null(signal.Wait);
    }

    [Theory]
    [InlineData("openai", """{"error":{"message":"insufficient_quota is what this is not","type":"requests","code":"rate_limit_exceeded"}}""")]
    [InlineData("anthropic", """{"type":"error","error":{"type":"rate_limit_error","message":"slow down"}}""")]
    [InlineData("together", """{"error":{"type":"dynamic_request_limited"}}""")]
    [InlineData("nvidia", """{"status":429,"title":"Too Many Requests"}""")]
    [InlineData("mistral", """{"message":"Rate limit exceeded"}""")]
    [InlineData("openai", "<html>429</html>")]
    [InlineData("openai", "")]
    public void Other_refusals_pass_with_time(string hub, string body)
    {
        var signal = Read(hub, 429, body);
        Assert.True(signal is { IsLimit: true, IsTerminal: false, Wait: null });
    }

    [Fact]
    public void A_limit_of_zero_means_not_on_the_plan()
    {
        Assert.Equal(TerminalCause.NotOnPlan, Read("mistral", 429, "", ("x-ratelimit-limit-req-minute", "0")).Terminal);
        Assert.False(Read("mistral", 429, "", ("x-ratelimit-limit-req-minute", "2")).IsTerminal);
    }

    [Fact]
    public void Only_refusals_for_a_limit_are_limits()
    {
        Assert.False(Read("openai", 200, "", ("retry-after", "5")).IsLimit);
        Assert.False(Read("openai", 500, "", ("retry-after", "5")).IsLimit);
        Assert.False(Read("openai", 503, "").IsLimit);
        Assert.True(Read("openai", 503, "", ("retry-after", "5")) is { IsLimit: true, Wait.TotalSeconds: 5 });
        Assert.True(Read("openrouter", 402, "").IsTerminal);
        Assert.True(Read("anthropic", 529, "").IsLimit);
    }

    [Theory]
    [InlineData("openai", "x-ratelimit-limit-requests", "5000", 5000, 60)]
    [InlineData("groq", "x-ratelimit-limit-requests", "1000", 1000, 86_400)]
    [InlineData("anthropic", "anthropic-ratelimit-requests-limit", "1000", 1000, 60)]
    [InlineData("mistral", "x-ratelimit-limit-req-minute", "4", 4, 60)]
    [InlineData("digitalocean", "ratelimit-limit", "120", 120, 60)]
    [InlineData("custom", "ratelimit-limit", "100, 100;w=60", 100, 60)]
    public void A_reported_limit_is_read(string hub, string header, string text, int count, int seconds) =>
        Assert.Equal(new RateLimit(count, seconds), LimitSignals.ReportedRequestLimit(TestHubs.Named(hub), name => name == header ? text : null));

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1000001")]
    [InlineData("many")]
    [InlineData("")]
    public void A_reported_limit_out_of_bounds_is_none(string text) =>
        Assert.Null(LimitSignals.ReportedRequestLimit(TestHubs.Named("openai"), name => name == "x-ratelimit-limit-requests" ? text : null));

    [Fact]
    public void All_dimensions_are_read_into_one_shape()
    {
        var headers = new Dictionary<string, string>
        {
            ["x-ratelimit-limit-requests"] = "14400", ["x-ratelimit-remaining-requests"] = "14370", ["x-ratelimit-reset-requests"] = "2m59.56s",
            ["x-ratelimit-limit-tokens"] = "18000", ["x-ratelimit-remaining-tokens"] = "17997", ["x-ratelimit-reset-tokens"] = "7.66s",
        };
        Span<LimitReading> readings = stackalloc LimitReading[8];
        Assert.Equal(2, LimitSignals.ReadAll(TestHubs.Named("groq"), name => headers.GetValueOrDefault(name), Now, readings));
        Assert.Equal(new LimitReading(LimitDimension.Requests, 86_400, 14_400, 14_370, TimeSpan.FromSeconds(179.56)), readings[0]);
        Assert.Equal(new LimitReading(LimitDimension.Tokens, 60, 18_000, 17_997, TimeSpan.FromSeconds(7.66)), readings[1]);
    }

    [Fact]
    public void Random_headers_and_bodies_never_throw()
    {
        string[] names =
        [
            "retry-after", "retry-after-ms", "x-ms-retry-after-ms",
            .. TestHubs.Catalogue.All.SelectMany(hub => hub.LimitHeaders).SelectMany(header => new[] { header.Limit, header.Remaining, header.Reset }).OfType<string>().Distinct(),
        ];
        var hubs = TestHubs.Catalogue.All;
        var text = Gen.OneOf(
            Gen.String[Gen.Char["0123456789.-+eEhmsnuµTZ:,; GMTonNaIf/x\0"], 0, 30],
            Gen.String,
            Gen.Double.Select(number => number.ToString("R", System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Long.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.DateTimeOffset.Select(date => date.ToString("r", System.Globalization.CultureInfo.InvariantCulture)),
            Gen.DateTimeOffset.Select(date => date.ToString("o", System.Globalization.CultureInfo.InvariantCulture)));
        var body = Gen.OneOf(
            Gen.Byte.Array[0, 60],
            Gen.String[Gen.Char["{}[]\":,\\u0dcodetypretryDelay in after 1.5s"], 0, 60].Select(Encoding.UTF8.GetBytes));
        Gen.Select(Gen.Int[0, hubs.Count - 1], Gen.Int[0, 4].Select(index => new[] { 402, 429, 503, 529, 200 }[index]), text.Array[names.Length], body).Sample((hub, status, values, bytes) =>
        {
            string? HeaderOf(string name) => Array.IndexOf(names, name) is >= 0 and var index ? values[index] : null;
            var signal = LimitSignals.Read(hubs[hub], status, HeaderOf, bytes, Now);
            Assert.True(signal.Wait is null || (signal.Wait >= TimeSpan.Zero && signal.Wait <= LimitSignals.LongestWait));
            Assert.True(LimitSignals.ReportedRequestLimit(hubs[hub], HeaderOf) is not { IsWithinBounds: false });
            Span<LimitReading> readings = stackalloc LimitReading[8];
            LimitSignals.ReadAll(hubs[hub], HeaderOf, Now, readings);
        }, iter: Depth.Count(100_000, 1_000_000));
    }

    [Theory]
    [InlineData("x-ratelimit-limit-requests", true)]
    [InlineData("x-rl-limit", false)]
    public void Limit_headers_of_any_name_are_looked_for(string name, bool isUsual)
    {
        var hub = TestHubs.With($"\"limit_headers\": [{{\"interval_seconds\": 60, \"limit\": \"{name}\"}}]");
        Assert.Equal(isUsual, hub.AreLimitHeadersUsual);
        Assert.True(TestHubs.Named("openai").AreLimitHeadersUsual);
    }

    [Theory]
    [InlineData("86401")]
    [InlineData("90000")]
    [InlineData("10000000")]
    public void A_wait_of_more_than_a_day_is_known_to_be_one(string seconds)
    {
        var wait = Wait("openai", 429, "", ("retry-after", seconds));
        Assert.True(wait!.Value.Ticks * 100 > LimitLearner.LongestWait);   // one query asks after an hour
        Assert.Equal(TimeSpan.FromSeconds(86_400), Wait("openai", 429, "", ("retry-after", "86400")));
    }

    private static TimeSpan? Wait(string hub, int status, string body, params (string Name, string Value)[] headers)
    {
        var signal = Read(hub, status, body, headers);
        Assert.False(signal.IsTerminal);
        return signal.Wait;
    }

    private static LimitSignal Read(string hub, int status, string body, params (string Name, string Value)[] headers) =>
        LimitSignals.Read(TestHubs.Named(hub), status, name => headers.FirstOrDefault(header => header.Name == name).Value, Encoding.UTF8.GetBytes(body), Now);
}
