using System.Globalization;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Server.Storage;

/// <summary>The folder that holds everything but the key-encryption key, and the names in it. Only its owner may enter (0700).</summary>
internal sealed class DataFolder(string path)
{
    public const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What an administrator may have laid into the folder before the first start.
    private static readonly string[] _ownConfiguration = ["keypace.json", "hubs", "lost+found"];

    public string Path { get; } = System.IO.Path.GetFullPath(path);

    public string Store => In("keypace.db");

    /// <summary>A store that is still being made; it becomes <see cref="Store"/> by renaming, all at once.</summary>
    public string UnfinishedStore => In("keypace.db.new");

    public string Lock => In("keypace.lock");

    public string Settings => In("keypace.json");

    public string SetupLink => In("setup-link");

    public bool HasStore => File.Exists(Store);

    public string BackupBefore(string migration) => In("keypace.db.before-" + migration);

    /// <summary>A sentence to put behind a failure, with a space before it, where the folder belongs to another user than this process acts as; else nothing.</summary>
    public string WhoseItIs() => FileFacts.Of(Path)?.OwnerId is { } owner && FileFacts.OwnId is { } own && owner != own
        ? string.Create(CultureInfo.InvariantCulture, $" The folder belongs to the user with id {owner}, and this process runs as {own}: start it as that user, or name another folder with --data.")
        : "";

    /// <summary>The first thing in the folder that is no configuration and no leftover of an interrupted start; null when there is none.</summary>
    public string? FirstForeignEntry() =>
        !Directory.Exists(Path)
            ? null
            : Directory.EnumerateFileSystemEntries(Path)
                .Select(entry => System.IO.Path.GetFileName(entry))
                .Where(name => !_ownConfiguration.Contains(name) && name != "keypace.lock" && !name.StartsWith("keypace.db.new", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .FirstOrDefault();

    /// <summary>Makes the folder (0700) where it is missing. Gives the topmost folder that had to be made, null when all were there.</summary>
    public string? Create()
    {
        string? topmost = null;
        for (var folder = Path; folder is not null && !Directory.Exists(folder); folder = System.IO.Path.GetDirectoryName(folder))
            topmost = folder;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(Path);
        else if (topmost is not null)
            Directory.CreateDirectory(Path, FolderMode);
        return topmost;
    }

    /// <summary>Narrows modes that somebody, or a copy, has widened. Does nothing where they are right.</summary>
    public void Narrow()
    {
        if (OperatingSystem.IsWindows())
            return;
        if (File.GetUnixFileMode(Path) != FolderMode)
            File.SetUnixFileMode(Path, FolderMode);
        foreach (var file in Directory.EnumerateFiles(Path, "keypace.*"))
        {
            if (new FileInfo(file).LinkTarget is null && (File.GetUnixFileMode(file) & ~FileMode) != 0)
                File.SetUnixFileMode(file, FileMode);
        }
    }

    /// <summary>A new file that only its owner can read. Throws an <see cref="IOException"/> where anything bears the name.</summary>
    public static FileStream CreateFile(string path)
    {
        var options = new FileStreamOptions { Mode = System.IO.FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = FileMode;
        return new FileStream(path, options);
    }

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
