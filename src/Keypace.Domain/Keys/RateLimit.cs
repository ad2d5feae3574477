namespace Keypace.Domain.Keys;

/// <summary>At most <see cref="Count"/> requests in any half-open window of <see cref="Seconds"/> seconds.</summary>
/// <param name="Count">1 to 1,000,000.</param>
/// <param name="Seconds">1 to 86,400 (one day).</param>
public readonly record struct RateLimit(int Count, int Seconds) : IComparable<RateLimit>
{
    public const int MostCount = 1_000_000;
    public const int MostSeconds = 86_400;

    /// <summary>Interval when only a count is given, in seconds.</summary>
    public const int DefaultSeconds = 60;

    public bool IsWithinBounds => Count is >= 1 and <= MostCount && Seconds is >= 1 and <= MostSeconds;

    /// <summary>The limit that lets less through comes first; at the same rate the one with the smaller burst.</summary>
    public int CompareTo(RateLimit other)
    {
        var rate = ((long)Count * other.Seconds).CompareTo((long)other.Count * Seconds);   // N/T against N'/T' without division
        return rate != 0 ? rate : Count.CompareTo(other.Count);
    }

    public static bool operator <(RateLimit left, RateLimit right) => left.CompareTo(right) < 0;

    public static bool operator >(RateLimit left, RateLimit right) => left.CompareTo(right) > 0;

    public static bool operator <=(RateLimit left, RateLimit right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RateLimit left, RateLimit right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Count} / {Seconds} s";
}
