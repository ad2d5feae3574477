using System.Globalization;

namespace Keypace.Demo;

/// <summary>Small facts that the pretend hub and the demo share.</summary>
internal static class Wire
{
    public static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    public static readonly HashSet<string> CredentialHeaders =
        new(StringComparer.OrdinalIgnoreCase) { "authorization", "x-api-key", "api-key", "x-goog-api-key" };

    /// <summary>Monotonic nanoseconds.</summary>
    public static long Nanoseconds(TimeProvider time) =>
        (long)((Int128)time.GetTimestamp() * 1_000_000_000 / time.TimestampFrequency);
}
