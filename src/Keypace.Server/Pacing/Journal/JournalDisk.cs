using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Keypace.Server.Pacing.Journal;

/// <summary>Where the journal lives.</summary>
internal interface IJournalDisk
{
    /// <summary>The journal as it is; null when there is none.</summary>
    byte[]? Read();

    /// <summary>Which file that is: a copy of it has another id. Empty when that cannot be known.</summary>
    string FileId { get; }

    /// <summary>An empty file beside it.</summary>
    IJournalFile Create();

    /// <summary>Makes such a file the journal. Not durable before <see cref="SyncFolder"/>.</summary>
    void Replace(IJournalFile file);

    /// <summary>Waits until the folder is on the disk.</summary>
    void SyncFolder();
}

/// <summary>A file that only grows. All of it throws <see cref="IOException"/> when the disk does not do its part.</summary>
internal interface IJournalFile : IDisposable
{
    /// <summary>Hands bytes to the system, without waiting for the disk: they outlive this process, not a power failure.</summary>
    void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Waits until everything appended is on the disk.</summary>
    void Flush();

    /// <summary>Stays when the file is renamed, and no copy has it. Empty when that cannot be known.</summary>
    string Id { get; }
}

/// <summary>The file <c>pacing.journal</c> in the data folder, readable by its owner only.</summary>
internal sealed partial class JournalDisk(string dataFolder) : IJournalDisk
{
    private readonly string _path = Path.Combine(dataFolder, "pacing.journal");

    public byte[]? Read() => File.Exists(_path) ? File.ReadAllBytes(_path) : null;

    public string FileId => FileIdentity.Of(_path);

    public IJournalFile Create() => new JournalFile(_path + ".new");

    public void Replace(IJournalFile file) => File.Move(_path + ".new", _path, overwrite: true);

    public void SyncFolder()
    {
        // .NET opens no folders; without this a rename may be lost with the power.
        using var folder = Open(dataFolder, 0);
        if (folder.IsInvalid || FSync(folder) != 0)
            throw new IOException($"Cannot sync {dataFolder}: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    private sealed class JournalFile(string path) : IJournalFile
    {
        private readonly FileStream _stream = Open(path);

        public string Id { get; } = FileIdentity.Of(path);   // after it was made

        public void Append(ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

        public void Flush() => RandomAccess.FlushToDisk(_stream.SafeFileHandle);

        public void Dispose() => _stream.Dispose();

        private static FileStream Open(string path)
        {
            File.Delete(path);   // what a crash left may have another mode
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.Read | FileShare.Delete,
                BufferSize = 0,   // every line is handed over at once
            };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

            return new FileStream(path, options);
        }
    }
}
