using Keypace.Contracts;

namespace Keypace.Server.Platform.Settings;

/// <summary>Settings as they are shown, by the command and by the route: what holds a secret says only that it is set.</summary>
internal static class ShownSettings
{
    private const string Hidden = "(hidden)";

    public static Setting[] Of(Settings settings) =>
    [
        .. settings.All.Select(setting => new Setting(
            setting.Declaration.Name,
            setting.Value is not null && setting.Declaration.IsHidden ? Hidden : setting.Value,
            setting.Source,
            setting.Declaration.Description)),
    ];
}
