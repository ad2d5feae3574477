using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Platform;
using Keypace.Server.Platform.Settings;
using Keypace.Server.Storage;

namespace Keypace.Server;

/// <summary>Every setting with its value and where that came from, for <c>keypace settings</c>.</summary>
public static class SettingsReport
{
    /// <summary>Reads the settings as <c>serve</c> would. Refuses with <c>bad_setting</c>. Opens no store.</summary>
    public static Outcome<IReadOnlyList<Setting>> Read(ServeOptions options)
    {
        var file = new DataFolder(options.Data).Settings;
        if (!options.Flags().TryGet(out var flags, out var refusal) || !Settings.Read(flags, Surroundings.OfProcess().Variables, file).TryGet(out var settings, out refusal))
            return refusal;
        return ShownSettings.Of(settings);
    }
}
