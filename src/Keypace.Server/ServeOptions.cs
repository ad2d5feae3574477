namespace Keypace.Server;

/// <summary>What <c>keypace serve</c> was told on its command line.</summary>
/// <param name="Data">The data folder.</param>
/// <param name="KekFile">The key-encryption key's file; null to look for it in the usual places.</param>
/// <param name="Urls">Where to listen; empty for the setting <c>Urls</c>.</param>
/// <param name="Settings">Settings by name (<c>Gateway:MaxBodyBytes</c>); they win over variables and file.</param>
public sealed record ServeOptions(string Data, string? KekFile, string[] Urls, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>All flags as settings, for those who print or apply them.</summary>
    internal IReadOnlyDictionary<string, string> Flags()
    {
        var flags = new Dictionary<string, string>(Settings, StringComparer.OrdinalIgnoreCase);
        if (KekFile is not null)
            flags["KekFile"] = KekFile;
        if (Urls.Length > 0)
            flags["Urls"] = string.Join(",", Urls);
        return flags;
    }
}

/// <summary>Exit codes of the program; part of its outside.</summary>
public static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Something broke.</summary>
    public const int Failed = 1;

    /// <summary>The command line or a setting cannot be followed.</summary>
    public const int WrongUsage = 2;

    /// <summary>The state of things forbids it, and nothing was changed.</summary>
    public const int Refused = 3;
}
