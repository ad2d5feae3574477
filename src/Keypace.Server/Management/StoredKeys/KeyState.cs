using Keypace.Contracts;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>What a key comes to now, the same on pages, routes and the command line.</summary>
public enum KeyState
{
    Active,

    /// <summary>The hub allows less than the key's limit.</summary>
    Lowered,

    /// <summary>The hub wants nothing for a while.</summary>
    Paused,

    /// <summary>The hub takes the secret no more.</summary>
    Refused,

    /// <summary>Nothing is left to spend at the hub.</summary>
    SpendLimit,

    /// <summary>Queries through it fail.</summary>
    Failing,

    /// <summary>Its hub is elsewhere now: the secret has to be given again.</summary>
    NeedsSecret,

    /// <summary>Its hub is not served yet.</summary>
    NotServed,
    Disabled,
    Deleted,
}

internal static class KeyStanding
{
    /// <param name="status">As people set it.</param>
    /// <param name="stored">What is wrong with the key as it is stored; null when nothing is.</param>
    /// <param name="trouble">What went wrong with its queries; null while nothing did.</param>
    /// <param name="isPaused">True while the hub wants nothing.</param>
    /// <param name="isLowered">True while the hub allows less than the key's limit.</param>
    public static KeyState Of(KeyStatus status, KeyTrouble? stored, KeyHealth.Trouble? trouble, bool isPaused, bool isLowered) =>
        status is KeyStatus.Disabled ? KeyState.Disabled
        : status is KeyStatus.Deleted ? KeyState.Deleted
        : stored is KeyTrouble.DestinationChanged ? KeyState.NeedsSecret
        : trouble?.IsRefusal == true ? KeyState.Refused
        : trouble?.IsSpent == true ? KeyState.SpendLimit
        : isPaused ? KeyState.Paused
        : trouble is not null ? KeyState.Failing
        : isLowered ? KeyState.Lowered
        : stored is KeyTrouble.HubNotServed ? KeyState.NotServed
        : KeyState.Active;

    /// <summary>The word on the wire.</summary>
    public static string Word(this KeyState state) => state switch
    {
        KeyState.Active => KeyStatuses.Active,
        KeyState.Lowered => KeyStates.Lowered,
        KeyState.Paused => KeyStates.Paused,
        KeyState.Refused => KeyStates.Refused,
        KeyState.SpendLimit => KeyStates.SpendLimit,
        KeyState.Failing => KeyStates.Failing,
        KeyState.NeedsSecret => KeyStates.SecretNeeded,
        KeyState.NotServed => KeyStates.StoredOnly,
        KeyState.Disabled => KeyStatuses.Disabled,
        KeyState.Deleted => KeyStatus.Deleted.Word(),
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
