namespace Keypace.Demo;

/// <summary>Says the limit and what is left of it in the headers of a dialect.</summary>
internal static class LimitWords
{
    public static void Write(IHeaderDictionary headers, PretendHubOptions options, int arrival, int remaining, TimeProvider time)
    {
        if (options.Dialect == HubDialect.None || options.Limit is not { } limit)
            return;

        var (said, left) = ((options.SaidLimit ?? limit.Requests).ToString(Wire.Culture), options.SaidRemaining?.Invoke(arrival) ?? Math.Max(0, remaining).ToString(Wire.Culture));
        var whole = time.GetUtcNow().AddSeconds(limit.Seconds);
        var (names, reset) = options.Dialect switch
        {
            HubDialect.OpenAi => (("x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"), $"{limit.Seconds}s"),
            HubDialect.Draft => (("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"), limit.Seconds.ToString(Wire.Culture)),
            HubDialect.Plain => (("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"), whole.ToUnixTimeSeconds().ToString(Wire.Culture)),
            _ => (("anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"), whole.ToString("yyyy-MM-ddTHH:mm:ssZ", Wire.Culture)),
        };
        (headers[names.Item1], headers[names.Item2], headers[names.Item3]) = (said, left, reset);
    }
}
