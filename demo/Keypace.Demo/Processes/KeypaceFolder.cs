namespace Keypace.Demo;

/// <summary>Everything one Keypace of its own keeps on disk, in one folder that goes away with it.</summary>
internal sealed class KeypaceFolder(TemporaryFolder folder)
{
    public const string OwnerEmail = "owner@example.test";

    public string Root => folder.Path;

    public string Data => folder.File("data");

    /// <summary>Beside the data, never in it: a copy of the data alone must not open.</summary>
    public string Kek => folder.File("kek");

    public string TokenFile => folder.File("token");

    /// <summary>Written at first use; drawn from the system's randomness, 22 characters.</summary>
    public string PasswordFile =>
        File.Exists(folder.File("password"))
            ? folder.File("password")
            : folder.Write("password", (Path.GetRandomFileName() + Path.GetRandomFileName()).Replace(".", "", StringComparison.Ordinal));

    public string Token => File.ReadAllText(TokenFile).Trim();

    /// <summary>A home of its own, so that nothing is written to, or read from, the real one.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["HOME"] = folder.Path,
        ["XDG_CONFIG_HOME"] = folder.File("config"),
    };
}
