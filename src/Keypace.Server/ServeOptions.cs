using Keypace.Domain;

namespace Keypace.Server;

/// <summary>What <c>keypace serve</c> was told on its command line.</summary>
/// <param name="Data">The data folder.</param>
/// <param name="KekFile">The key-encryption key's file; null to look for it in the usual places.</param>
/// <param name="Urls">Where to listen; empty for the setting <c>Urls</c>.</param>
/// <param name="Settings">Settings by name (<c>Gateway:MaxBodyBytes</c>); they win over variables and file.</param>
public sealed record ServeOptions(string Data, string? KekFile, string[] Urls, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>All flags as settings, for those who print or apply them. Refuses with <c>bad_setting</c> what is given by a flag of its own and by <c>--set</c>.</summary>
    internal Outcome<Dictionary<string, string>> Flags()
    {
        var flags = new Dictionary<string, string>(Settings, StringComparer.OrdinalIgnoreCase);
        if (KekFile is not null && !flags.TryAdd("KekFile", KekFile))
            return Twice("--kek-file", "KekFile");
        if (Urls.Length > 0 && !flags.TryAdd("Urls", string.Join(",", Urls)))
            return Twice("--urls", "Urls");
        return flags;
    }

    private static Refusal Twice(string flag, string setting) => new(
        RefusalReason.Invalid, "bad_setting", $"The command line gives both {flag} and --set {setting}=…, which say the same. Leave one of them out.");
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
