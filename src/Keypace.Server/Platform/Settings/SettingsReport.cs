using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Storage;

namespace Keypace.Server.Platform.Settings;

/// <summary>Every setting with its value and where that came from, for <c>keypace settings</c> and <c>GET /v1/settings</c>.</summary>
public static class SettingsReport
{
    private const string Hidden = "(hidden)";

    /// <summary>Reads the settings as <c>serve</c> would. Refuses with <c>bad_setting</c>. Opens no store.</summary>
    public static Outcome<IReadOnlyList<Setting>> Read(ServeOptions options)
    {
        var file = new DataFolder(options.Data).Settings;
        if (!Settings.Read(options.Flags(), Surroundings.OfProcess().Variables, file).TryGet(out var settings, out var refusal))
            return refusal;
        return Of(settings);
    }

    internal static Setting[] Of(Settings settings) =>
    [
        .. settings.All.Select(setting => new Setting(
            setting.Declaration.Name,
            setting.Value is not null && setting.Declaration.IsHidden ? Hidden : setting.Value,
            setting.Source,
            setting.Declaration.Description)),
    ];
}
