namespace Keypace.Cli;

/// <summary>Where the store is unless told otherwise: <c>${XDG_DATA_HOME:-~/.local/share}/keypace</c>.</summary>
internal static class DataFolder
{
    public static string Default(Func<string, string?> environment) =>
        Path.Combine(Xdg(environment, "XDG_DATA_HOME", ".local/share"), "keypace");

    /// <summary>A folder of the XDG rules, which say that a relative one counts as not set.</summary>
    public static string Xdg(Func<string, string?> environment, string variable, string underHome) =>
        environment(variable) is { Length: > 0 } set && Path.IsPathRooted(set)
            ? set
            : Path.Combine(environment("HOME") is { Length: > 0 } home ? home : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), underHome);
}
