using System.Globalization;

namespace Keypace.Cli;

/// <summary>Instants and spans as people type them.</summary>
internal static class Instant
{
    private const string Shapes = "an ISO time (2026-11-01 or 2026-11-01T08:30:00Z), Unix seconds, or a span such as 24h, 7d, 2w";

    /// <summary>A time that has been: a span counts back from now.</summary>
    public static DateTimeOffset? Past(string? text, string flag, TimeProvider clock) => Read(text, flag, clock, -1);

    /// <summary>A time to come: a span counts from now on.</summary>
    public static DateTimeOffset? Future(string? text, string flag, TimeProvider clock) => Read(text, flag, clock, 1);

    private static DateTimeOffset? Read(string? text, string flag, TimeProvider clock, int direction)
    {
        if (string.IsNullOrWhiteSpace(text))
            return null;

        try
        {
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var unixSeconds))
                return DateTimeOffset.FromUnixTimeSeconds(unixSeconds);

            if (Span(text) is { } span)
                return clock.GetUtcNow() + (direction * span);
        }
        catch (Exception tooFar) when (tooFar is ArgumentOutOfRangeException or OverflowException)
        {
            throw CommandFailure.Usage($"{flag} lies outside the calendar.");
        }

        if (!DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time))
            throw CommandFailure.Usage($"{flag} takes {Shapes}.");

        // Without a zone it is the reader's own, as everywhere else on the screen.
        return time.Kind == DateTimeKind.Unspecified
            ? new DateTimeOffset(time, clock.LocalTimeZone.GetUtcOffset(time))
            : new DateTimeOffset(time.ToUniversalTime(), TimeSpan.Zero);
    }

    private static TimeSpan? Span(string text)
    {
        if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            return null;

        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(count),
            'm' => TimeSpan.FromMinutes(count),
            'h' => TimeSpan.FromHours(count),
            'd' => TimeSpan.FromDays(count),
            'w' => TimeSpan.FromDays(7L * count),
            _ => null,
        };
    }
}
