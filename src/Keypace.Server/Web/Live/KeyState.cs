using Keypace.Contracts;

namespace Keypace.Server.Web.Live;

/// <summary>The one word that a key's state comes down to.</summary>
public enum KeyState
{
    Active,
    Lowered,
    Paused,
    Refused,
    SpendLimit,
    NeedsSecret,
    NotServed,
    Disabled,
}

internal static class KeyStates
{
    /// <param name="live">Null while nothing is known of the limit.</param>
    /// <param name="lastError">The code of the newest query's error; null for none.</param>
    public static KeyState Of(ApiKey key, LiveKey? live, string? lastError) =>
        key.Status == "disabled" ? KeyState.Disabled
        : key.Notice?.StartsWith("Destination changed", StringComparison.Ordinal) == true ? KeyState.NeedsSecret
        : lastError is "hub_refused_key" ? KeyState.Refused
        : lastError is "spend_limit" or "hub_quota_exhausted" ? KeyState.SpendLimit
        : live?.PausedUntil is not null ? KeyState.Paused
        : live is not null && live.Seconds == key.RateLimitInterval && live.Limit < key.RateLimitPerInterval && !live.IsShared ? KeyState.Lowered
        : key.Notice?.Contains("not built yet", StringComparison.Ordinal) == true ? KeyState.NotServed
        : KeyState.Active;

    public static string Word(this KeyState state) => state switch
    {
        KeyState.Active => "Active",
        KeyState.Lowered => "Lowered by hub",
        KeyState.Paused => "Paused by hub",
        KeyState.Refused => "Refused by hub",
        KeyState.SpendLimit => "Spend limit reached",
        KeyState.NeedsSecret => "Secret needed again",
        KeyState.NotServed => "Stored only",
        _ => "Disabled",
    };

    /// <summary>True where a hub holds the key back.</summary>
    public static bool IsHeldBack(this KeyState state) => state is KeyState.Lowered or KeyState.Paused or KeyState.Refused or KeyState.SpendLimit;
}
