using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>What a hub's answer says about its limit.</summary>
/// <param name="IsLimit">True for 429, for 402 and 529, and for a 503 that says how long to wait.</param>
/// <param name="Terminal">Why waiting does not help; <see cref="TerminalCause.None"/> where it does.</param>
/// <param name="Wait">How long to wait, from zero to <see cref="LimitSignals.LongestWait"/>; null when the hub does not say (or nothing that makes sense).</param>
public readonly record struct LimitSignal(bool IsLimit, TerminalCause Terminal, TimeSpan? Wait)
{
    /// <summary>Never to be tried again.</summary>
    public bool IsTerminal => Terminal is not TerminalCause.None;
}

/// <summary>Why waiting does not cure a refusal.</summary>
public enum TerminalCause
{
    None,

    /// <summary>The spend limit is reached, or quota or credit is used up.</summary>
    NothingLeft,

    /// <summary>The plan allows no requests to this model: the hub reports a limit of zero.</summary>
    NotOnPlan,
}

/// <summary>One limit as a hub reported it.</summary>
/// <param name="IntervalSeconds">Seconds that <paramref name="Limit"/> counts in.</param>
/// <param name="Limit">Null when it was not reported or not readable. Zero means: not on this plan.</param>
/// <param name="ResetIn">Time until it is whole again; null when not reported.</param>
public readonly record struct LimitReading(LimitDimension Dimension, int IntervalSeconds, long? Limit, long? Remaining, TimeSpan? ResetIn);

/// <summary>
/// Reads the dialects in which hubs speak of limits. Nothing a hub sends makes it throw: nonsense, negative and endless values count as absent.
/// </summary>
public static class LimitSignals
{
    /// <summary>Longer waits are cut to this: more than the day up to which one is believed.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromHours(25);

    /// <summary>A dimension's word on the wire and in hub files.</summary>
    public static string WordOf(LimitDimension dimension) => dimension switch
    {
        LimitDimension.Tokens => "tokens",
        LimitDimension.InputTokens => "input_tokens",
        LimitDimension.OutputTokens => "output_tokens",
        _ => "requests",
    };

    /// <summary>What a refusal means for the next try.</summary>
    /// <param name="headerOf">Value of a header by its lower-case name, null when absent; several values joined as they came.</param>
    /// <param name="body">The first part of the body; 4 KiB are plenty.</param>
    public static LimitSignal Read(HubProfile hub, int status, Func<string, string?> headerOf, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentNullException.ThrowIfNull(headerOf);
        if (status is not (429 or 503 or 529 or 402))
            return default;
        now = HubsNow(headerOf, now);

        var words = RefusalBody.Read(body, hub.TerminalCodes);
        // AWS names the error in a header, sometimes with an address behind a colon.
        var typed = headerOf("x-amzn-errortype")?.Split(':', 2)[0];
        if (typed is not null && hub.TerminalCodes.Contains(typed))
            return new LimitSignal(true, TerminalCause.NothingLeft, null);
        if (status == 402 || words.TerminalCode is not null)
            return new LimitSignal(true, TerminalCause.NothingLeft, null);
        if (status == 429 && HasLimitOfZero(hub, headerOf))
            return new LimitSignal(true, TerminalCause.NotOnPlan, null);

        var wait = WaitFromHeaders(headerOf, now)
            ?? ResetOfExhausted(hub, headerOf, now)
            ?? words.RetryDelay
            ?? words.TryAgainIn
            ?? BareReset(hub, headerOf, now);
        return new LimitSignal(status != 503 || wait is not null, TerminalCause.None, wait);
    }

    /// <summary>The request limit that the hub's headers report, for a key's test: the shortest interval first. Null when there is none.</summary>
    public static RateLimit? ReportedRequestLimit(HubProfile hub, Func<string, string?> headerOf)
    {
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentNullException.ThrowIfNull(headerOf);
        RateLimit? reported = null;
        foreach (var header in hub.LimitHeaders)
        {
            if (header.Dimension != LimitDimension.Requests || header.Limit is not { } name || Amount(headerOf(name)) is not (> 0 and <= RateLimit.MostCount and var count))
                continue;
            if (reported is null || header.IntervalSeconds < reported.Value.Seconds)
                reported = new RateLimit((int)count, header.IntervalSeconds);
        }

        return reported;
    }

    /// <summary>All limits that an answer reports, in the order of the hub's file; fills <paramref name="into"/> and returns how many there are.</summary>
    public static int ReadAll(HubProfile hub, Func<string, string?> headerOf, DateTimeOffset now, Span<LimitReading> into)
    {
        ArgumentNullException.ThrowIfNull(hub);
        ArgumentNullException.ThrowIfNull(headerOf);
        now = HubsNow(headerOf, now);
        var count = 0;
        foreach (var header in hub.LimitHeaders)
        {
            if (count == into.Length)
                break;
            var reading = Reading(header, headerOf, now);
            if (reading is { Limit: null, Remaining: null, ResetIn: null })
                continue;
            into[count++] = reading;
        }

        return count;
    }

    /// <summary>Moments that a hub names are by its own clock, which its <c>Date</c> tells; ours where it tells none.</summary>
    private static DateTimeOffset HubsNow(Func<string, string?> headerOf, DateTimeOffset now) => WaitText.HttpDate(headerOf("date")) ?? now;

    private static LimitReading Reading(LimitHeader header, Func<string, string?> headerOf, DateTimeOffset now) => new(
        header.Dimension,
        header.IntervalSeconds,
        header.Limit is null ? null : Amount(headerOf(header.Limit)),
        header.Remaining is null ? null : Amount(headerOf(header.Remaining)),
        header.Reset is null ? null : WaitText.Reset(headerOf(header.Reset), now));

    private static TimeSpan? WaitFromHeaders(Func<string, string?> headerOf, DateTimeOffset now) =>
        WaitText.Milliseconds(headerOf("retry-after-ms"))
        ?? WaitText.Milliseconds(headerOf("x-ms-retry-after-ms"))
        ?? WaitText.RetryAfter(headerOf("retry-after"), now);

    /// <summary>The dimension that has nothing left says how long; where several have, the last of them to come back.</summary>
    private static TimeSpan? ResetOfExhausted(HubProfile hub, Func<string, string?> headerOf, DateTimeOffset now)
    {
        TimeSpan? longest = null;
        foreach (var header in hub.LimitHeaders)
        {
            var reading = Reading(header, headerOf, now);
            if (reading is { Remaining: 0, ResetIn: { } reset } && (longest is null || reset > longest))
                longest = reset;
        }

        return longest;
    }

    /// <summary>A reset for which the hub never says what is left (Together): it is the wait itself. The shortest, for nobody knows which one bit.</summary>
    private static TimeSpan? BareReset(HubProfile hub, Func<string, string?> headerOf, DateTimeOffset now)
    {
        TimeSpan? shortest = null;
        foreach (var header in hub.LimitHeaders)
        {
            var reading = Reading(header, headerOf, now);
            if (reading is { Remaining: null, ResetIn: { } reset } && (shortest is null || reset < shortest))
                shortest = reset;
        }

        return shortest;
    }

    private static bool HasLimitOfZero(HubProfile hub, Func<string, string?> headerOf)
    {
        foreach (var header in hub.LimitHeaders)
        {
            if (header is { Dimension: LimitDimension.Requests, Limit: { } name } && Amount(headerOf(name)) == 0)
                return true;
        }

        return false;
    }

    /// <summary>A count: digits, perhaps with a fraction of zeros or a policy behind it (<c>100, 100;w=60</c>).</summary>
    private static long? Amount(string? text)
    {
        if (text is null)
            return null;
        var trimmed = text.AsSpan().Trim();
        var end = trimmed.IndexOfAny(',', ';', ' ');
        if (end >= 0)
            trimmed = trimmed[..end];
        if (trimmed.Length is 0 or > 20 || !char.IsAsciiDigit(trimmed[0]))
            return null;
        return double.TryParse(trimmed, System.Globalization.NumberStyles.AllowDecimalPoint, System.Globalization.CultureInfo.InvariantCulture, out var amount)
            && amount is >= 0 and <= 1e15
                ? (long)amount
                : null;
    }
}
