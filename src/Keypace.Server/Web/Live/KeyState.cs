using Keypace.Contracts;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Web.Live;

/// <summary>What a key comes to, as <see cref="KeyStanding"/> has it.</summary>
public enum KeyState
{
    Active,
    Lowered,
    Paused,
    Refused,
    SpendLimit,
    Failing,
    NeedsSecret,
    NotServed,
    Disabled,
}

internal static class KeyStates
{
    /// <param name="live">Null while nothing is known of the limit.</param>
    /// <param name="trouble">What is wrong with the key's queries now; null while nothing is.</param>
    public static KeyState Of(ApiKey key, LiveKey? live, KeyHealth.Trouble? trouble)
    {
        KeyTrouble? stored = key.State switch { "secret_needed" => KeyTrouble.DestinationChanged, "stored_only" => KeyTrouble.HubNotServed, _ => null };
        var isLowered = live is not null && live.Seconds == key.RateLimitInterval && live.Limit < key.RateLimitPerInterval && !live.IsShared;
        return Read(KeyStanding.Of(key.Status, stored, trouble, live?.PausedUntil is not null, isLowered));
    }

    public static string Word(this KeyState state) => state switch
    {
        KeyState.Active => "Active",
        KeyState.Lowered => "Lowered by hub",
        KeyState.Paused => "Paused by hub",
        KeyState.Refused => "Refused by hub",
        KeyState.SpendLimit => "Spend limit reached",
        KeyState.Failing => "Failing",
        KeyState.NeedsSecret => "Secret needed again",
        KeyState.NotServed => "Stored only",
        _ => "Disabled",
    };

    /// <summary>True where a hub lets less through than the limit, for a while.</summary>
    public static bool IsHeldBack(this KeyState state) => state is KeyState.Lowered or KeyState.Paused;

    /// <summary>True where nothing gets better before a person does something.</summary>
    public static bool NeedsSomebody(this KeyState state) => state is KeyState.Refused or KeyState.SpendLimit or KeyState.Failing or KeyState.NeedsSecret;

    private static KeyState Read(string word) => word switch
    {
        "active" => KeyState.Active,
        "lowered" => KeyState.Lowered,
        "paused" => KeyState.Paused,
        "refused" => KeyState.Refused,
        "spend_limit" => KeyState.SpendLimit,
        "failing" => KeyState.Failing,
        "secret_needed" => KeyState.NeedsSecret,
        "stored_only" => KeyState.NotServed,
        _ => KeyState.Disabled,
    };
}
