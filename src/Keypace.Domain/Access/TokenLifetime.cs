namespace Keypace.Domain.Access;

/// <summary>How long tokens live. None lives for ever: a forgotten one ends by itself.</summary>
public static class TokenLifetime
{
    /// <summary>90 days, where nobody says otherwise.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromDays(90);

    /// <summary>366 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(366);

    /// <summary>From this long before its end, 14 days, answers warn of it.</summary>
    public static readonly TimeSpan Warning = TimeSpan.FromDays(14);

    /// <summary>A set-up link: one hour.</summary>
    public static readonly TimeSpan Setup = TimeSpan.FromHours(1);

    /// <summary>The moment of expiry. Refuses one that has passed or is over 366 days away.</summary>
    /// <param name="wanted">Unix seconds; null for the default.</param>
    public static Outcome<DateTimeOffset> Expiry(DateTimeOffset now, long? wanted)
    {
        if (wanted is not { } seconds)
            return now + Default;
        // Compared as numbers first: a number of seconds may be beyond the calendar.
        if (seconds <= now.ToUnixTimeSeconds())
            return Refusal.Field("expires_at", "expires_at has passed. Give a moment in the future, in Unix seconds.");
        if (seconds > (now + Longest).ToUnixTimeSeconds())
            return Refusal.Field("expires_at", "expires_at is over 366 days away, which is the most. It is in Unix seconds, not milliseconds.");
        return DateTimeOffset.FromUnixTimeSeconds(seconds);
    }
}
