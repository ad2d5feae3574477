using System.Globalization;

namespace Keypace.Cli.Output;

/// <summary>Numbers and instants as a table shows them.</summary>
internal static class Said
{
    public static string Limit(int count, int seconds) => string.Create(CultureInfo.InvariantCulture, $"{count} / {seconds} s");

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>To the minute, in the reader's time zone, which it names: "2026-11-23 14:32 +01:00".</summary>
    public static string? Minute(long? unixSeconds, TimeProvider clock) => At(unixSeconds, clock, "yyyy-MM-dd HH:mm");

    /// <summary>To the second, in the reader's time zone.</summary>
    public static string? Second(double? unixSeconds, TimeProvider clock) => At(unixSeconds, clock, "yyyy-MM-dd HH:mm:ss");

    public static string Mean(long sumMs, long count) =>
        count == 0 ? "-" : Duration(sumMs / count);

    /// <summary>"412 ms", from a second "4.2 s", from 100 s "1 min 51 s", from an hour "1 h 20 min".</summary>
    public static string Duration(long milliseconds)
    {
        var seconds = (long)Math.Round(milliseconds / 1000.0);
        return milliseconds < 1000 ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds} ms")
            : milliseconds < 100_000 ? string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000.0:0.0} s")
            : seconds < 3600 ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min {seconds % 60} s")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h {seconds % 3600 / 60} min");
    }

    private static string? At(double? unixSeconds, TimeProvider clock, string format)
    {
        if (unixSeconds is null or <= 0)
            return null;
        var at = TimeZoneInfo.ConvertTime(DateTimeOffset.UnixEpoch.AddSeconds(unixSeconds.Value), clock.LocalTimeZone);
        return at.ToString(format, CultureInfo.InvariantCulture) + (at.Offset == TimeSpan.Zero ? " UTC" : at.ToString(" zzz", CultureInfo.InvariantCulture));
    }
}
