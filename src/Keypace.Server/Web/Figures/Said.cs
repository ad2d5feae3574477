using System.Globalization;

namespace Keypace.Server.Web.Figures;

/// <summary>How numbers are written, the same everywhere.</summary>
internal static class Said
{
    /// <summary>"1,842".</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"600 / 60 s", with spaces that do not break.</summary>
    public static string Limit(int count, int seconds) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} / {seconds:N0} s");

    /// <summary>"600 in any 60 s".</summary>
    public static string LimitInProse(int count, int seconds) => string.Create(CultureInfo.InvariantCulture, $"{count:N0} in any {seconds:N0} s");

    /// <summary>Under a second "412 ms", then as <see cref="Wait"/>.</summary>
    public static string Latency(long milliseconds) => milliseconds < 1000
        ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms")
        : Wait(milliseconds / 1000.0);

    /// <summary>"4.2 s", from 100 s "1 min 51 s", from an hour "1 h 20 min".</summary>
    public static string Wait(double seconds)
    {
        if (seconds < 100)
            return string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s");
        var whole = (long)Math.Round(seconds);
        return whole < 3600 ? Parts(whole / 60, "min", whole % 60, "s") : Parts(whole / 3600, "h", whole % 3600 / 60, "min");
    }

    private static string Parts(long large, string largeUnit, long small, string smallUnit) => small == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit}")
        : string.Create(CultureInfo.InvariantCulture, $"{large} {largeUnit} {small} {smallUnit}");

    /// <summary>When a fact of a hub was read, however exactly that is known: "2026", "Jun 2025", "8 Oct 2026".</summary>
    public static string AsOf(string? date) =>
        DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day.ToString("d MMM yyyy", CultureInfo.InvariantCulture)
        : DateOnly.TryParseExact(date + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var month) ? month.ToString("MMM yyyy", CultureInfo.InvariantCulture)
        : date ?? "";

    /// <summary>"1 agent", "6 agents".</summary>
    public static string Of(long number, string one, string? many = null) => $"{Count(number)} {(number == 1 ? one : many ?? one + "s")}";

    /// <summary>"8.3 per second", "12 per minute".</summary>
    public static string Rate(int count, int seconds)
    {
        var second = (double)count / Math.Max(1, seconds);
        return second >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{second:0.#} per second")
            : string.Create(CultureInfo.InvariantCulture, $"{second * 60:0.#} per minute");
    }

    /// <summary>"1st", "2nd", "3rd", "4th".</summary>
    public static string Ordinal(int number) => number + ((number % 100) is >= 11 and <= 13 ? "th" : (number % 10) switch
    {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    });
}
