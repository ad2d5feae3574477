using Keypace.Server.Management.StoredKeys;

namespace Keypace.Server.Web.Live;

/// <summary>How pages say what a key comes to.</summary>
internal static class KeyStateLabels
{
    public static string Label(this KeyState state) => state switch
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
}
