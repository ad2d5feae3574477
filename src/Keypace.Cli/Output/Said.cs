using System.Globalization;

namespace Keypace.Cli.Output;

/// <summary>Numbers and instants as a table shows them.</summary>
internal static class Said
{
    public static string Limit(int count, int seconds) => string.Create(CultureInfo.InvariantCulture, $"{count} / {seconds} s");

    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>To the minute, in the reader's time zone.</summary>
    public static string? Minute(long? unixSeconds, TimeProvider clock) => At(unixSeconds, clock, "yyyy-MM-dd HH:mm");

    /// <summary>To the second, in the reader's time zone.</summary>
    public static string? Second(double? unixSeconds, TimeProvider clock) => At(unixSeconds, clock, "yyyy-MM-dd HH:mm:ss");

    public static string Mean(long sumMs, long count) =>
        count == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{sumMs / count:N0} ms");

    private static string? At(double? unixSeconds, TimeProvider clock, string format) =>
        unixSeconds is null or <= 0
            ? null
            : TimeZoneInfo.ConvertTime(DateTimeOffset.UnixEpoch.AddSeconds(unixSeconds.Value), clock.LocalTimeZone).ToString(format, CultureInfo.InvariantCulture);
}
