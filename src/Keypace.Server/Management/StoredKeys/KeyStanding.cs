using Keypace.Server.Gateway.Learning;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>The one word that a key's state comes down to, the same on pages, routes and the command line.</summary>
internal static class KeyStanding
{
    /// <param name="status">As people set it: <c>active</c> or <c>disabled</c>.</param>
    /// <param name="stored">What is wrong with the key as it is stored; null when nothing is.</param>
    /// <param name="trouble">What went wrong with its queries; null while nothing did.</param>
    /// <param name="isPaused">True while the hub wants nothing.</param>
    /// <param name="isLowered">True while the hub allows less than the key's limit.</param>
    public static string Of(string status, KeyTrouble? stored, KeyHealth.Trouble? trouble, bool isPaused, bool isLowered) =>
        status != "active" ? status
        : stored is KeyTrouble.DestinationChanged ? "secret_needed"
        : trouble?.IsRefusal == true ? "refused"
        : trouble?.IsSpent == true ? "spend_limit"
        : isPaused ? "paused"
        : trouble is not null ? "failing"
        : isLowered ? "lowered"
        : stored is KeyTrouble.HubNotServed ? "stored_only"
        : "active";
}
