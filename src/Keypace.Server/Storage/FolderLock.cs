using System.Globalization;
using System.Text;
using Keypace.Domain;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Server.Storage;

/// <summary>
/// One process a data folder. The lock is the kernel's (flock), so it ends with the process however that ends; the file itself stays and
/// bears the holder's process id for the sentence that a second one gets.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream _file;
    private bool _isNamed;

    private FolderLock(FileStream file, bool wasCreated)
    {
        _file = file;
        WasCreated = wasCreated;
    }

    /// <summary>True where the lock's file was not there before.</summary>
    public bool WasCreated { get; }

    /// <summary>Refuses with <c>folder_in_use</c> or <c>folder_unusable</c>, changing nothing.</summary>
    public static Outcome<FolderLock> Take(DataFolder folder)
    {
        var options = new FileStreamOptions
        {
            Mode = System.IO.FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,   // flock(LOCK_EX | LOCK_NB) on Unix
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = DataFolder.FileMode;
        var existed = File.Exists(folder.Lock);
        try
        {
            return new FolderLock(new FileStream(folder.Lock, options), !existed);
        }
        catch (IOException failure) when (IsHeldElsewhere(failure))
        {
            var holder = ReadHolder(folder.Lock);
            return new Refusal(
                RefusalReason.Conflict,
                "folder_in_use",
                $"The data folder {folder.Path} is held by another keypace{(holder is null ? "" : $" (process {holder})")}. Stop that one, or name another folder with --data.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Refusal(
                RefusalReason.Unavailable, "folder_unusable", $"The data folder {folder.Path} cannot be written: {failure.Message}{folder.WhoseItIs()}");
        }
    }

    /// <summary>Writes this process's id. Only once the folder was found in order, so that a refused start changes nothing in it.</summary>
    public void NameHolder()
    {
        _isNamed = true;
        _file.SetLength(0);
        _file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
    }

    /// <summary>Leaves no trace of a start that was refused.</summary>
    public void DeleteIfCreated()
    {
        if (WasCreated)
            File.Delete(_file.Name);
    }

    public void Dispose()
    {
        if (_isNamed)
            _file.SetLength(0);
        _file.Dispose();
    }

    /// <summary>EWOULDBLOCK on Linux and macOS, a sharing violation on Windows.</summary>
    private static bool IsHeldElsewhere(IOException failure) => failure.HResult is 11 or 35 or unchecked((int)0x80070020);

    private static string? ReadHolder(string path)
    {
        using var file = LibC.OpenUnlocked(path);
        if (file is null)
            return null;
        Span<byte> text = stackalloc byte[16];
        var digits = Encoding.ASCII.GetString(text[..RandomAccess.Read(file, text, 0)]).Trim();
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? digits : null;
    }
}
