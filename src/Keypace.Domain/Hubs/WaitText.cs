using System.Buffers;
using System.Globalization;

namespace Keypace.Domain.Hubs;

/// <summary>Spans of time as hubs write them. Null for whatever is not one, lies in the past, or is longer than a year; cut to <see cref="LimitSignals.LongestWait"/>.</summary>
internal static class WaitText
{
    private const double MostSeconds = 366 * 86_400.0;

    // A bare number in a reset header: below this it can only be seconds to wait, above the second one only Unix milliseconds.
    private const double LeastUnixSeconds = 1e9;
    private const double LeastUnixMilliseconds = 1e11;

    private static readonly SearchValues<char> DigitsAndPoint = SearchValues.Create("0123456789.");

    private static readonly string[] HttpDates =
    [
        "ddd, dd MMM yyyy HH:mm:ss 'GMT'", "ddd, d MMM yyyy HH:mm:ss 'GMT'", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy", "ddd MMM  d HH:mm:ss yyyy",
    ];

    public static TimeSpan? Milliseconds(string? text) => Number(text) is { } milliseconds ? Seconds(milliseconds / 1000) : null;

    /// <summary>Seconds, also fractional, or an HTTP date.</summary>
    public static TimeSpan? RetryAfter(string? text, DateTimeOffset now)
    {
        if (Number(text) is { } seconds)
            return Seconds(seconds);
        return HttpDate(text) is { } date ? Until(date, now) : null;
    }

    public static DateTimeOffset? HttpDate(string? text) => text is not null && DateTimeOffset.TryParseExact(
        text.Trim(), HttpDates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date) ? date : null;

    /// <summary>Seconds to wait, Unix seconds, Unix milliseconds, a Go duration, an RFC 3339 time or an HTTP date: they cannot be mistaken for each other.</summary>
    public static TimeSpan? Reset(string? text, DateTimeOffset now)
    {
        if (text is null || text.Length is 0 or > 64)
            return null;
        if (Number(text) is { } number)
        {
            return number switch
            {
                < LeastUnixSeconds => Seconds(number),
                < LeastUnixMilliseconds => UntilUnix(number, now),
                _ => UntilUnix(number / 1000, now),
            };
        }

        var trimmed = text.AsSpan().Trim();
        if (GoDuration(trimmed) is { } duration)
            return duration;
        if (trimmed.Length >= 20 && trimmed[4] == '-' && trimmed[10] is 'T' or 't' or ' ' && DateTimeOffset.TryParse(
            trimmed, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var date))
        {
            return Until(date, now);
        }

        return RetryAfter(text, now);
    }

    /// <summary><c>6m0s</c>, <c>14h29m11.04s</c>, <c>880ms</c>, <c>2m59.56s</c>. The units must come in this order: h, m, s, ms, us, ns.</summary>
    public static TimeSpan? GoDuration(ReadOnlySpan<char> text)
    {
        double seconds = 0;
        var last = -1;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(DigitsAndPoint);
            if (digits is <= 0 or > 18 || !TryParse(text[..digits], out var amount))
                return null;
            text = text[digits..];
            var unit = text.IndexOfAnyInRange('0', '9');
            if (unit < 0)
                unit = text.Length;
            var (rank, factor) = text[..unit] switch
            {
                "d" => (0, 86_400.0),
                "h" => (1, 3_600.0),
                "m" => (2, 60.0),
                "s" => (3, 1.0),
                "ms" => (4, 1e-3),
                "us" or "µs" or "μs" => (5, 1e-6),
                "ns" => (6, 1e-9),
                _ => (-1, 0.0),
            };
            if (rank <= last)
                return null;
            last = rank;
            seconds += amount * factor;
            text = text[unit..];
        }

        return last < 0 ? null : Seconds(seconds);
    }

    public static TimeSpan? Seconds(double seconds)
    {
        // Written so that NaN falls out.
        if (!(seconds >= 0 && seconds <= MostSeconds))
            return null;
        var wait = TimeSpan.FromSeconds(seconds);
        return wait < LimitSignals.LongestWait ? wait : LimitSignals.LongestWait;
    }

    private static TimeSpan? Until(DateTimeOffset date, DateTimeOffset now) => Seconds((date - now).TotalSeconds);

    private static TimeSpan? UntilUnix(double unixSeconds, DateTimeOffset now) =>
        Seconds(unixSeconds - (now.ToUnixTimeMilliseconds() / 1000.0));

    private static double? Number(string? text)
    {
        if (text is null || text.Length > 64)
            return null;
        var trimmed = text.AsSpan().Trim();
        return TryParse(trimmed, out var number) ? number : null;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out double number)
    {
        number = 0;
        return text.Length is > 0 and <= 24
            && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number);
    }
}
