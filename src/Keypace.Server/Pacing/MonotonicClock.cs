namespace Keypace.Server.Pacing;

/// <summary>
/// Nanoseconds of the provider's monotonic clock, which is what the pacer calls ticks. A step of the wall clock does not touch them.
/// </summary>
internal sealed class MonotonicClock(TimeProvider time)
{
    public const long NanosecondsPerMillisecond = 1_000_000;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly long _frequency = time.TimestampFrequency;   // 1e9 on Linux, where nothing is converted

    public TimeProvider Time => time;

    public long Now
    {
        get
        {
            var stamp = time.GetTimestamp();
            return _frequency == NanosecondsPerSecond ? stamp : (long)((Int128)stamp * NanosecondsPerSecond / _frequency);
        }
    }

    public DateTimeOffset WallAt(long tick, long now) => time.GetUtcNow() + SpanOf(tick - now);

    public static TimeSpan SpanOf(long nanoseconds) => TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    public static long NanosecondsOf(TimeSpan span) => span.Ticks * TimeSpan.NanosecondsPerTick;
}
