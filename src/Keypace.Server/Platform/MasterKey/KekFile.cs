using System.Security.Cryptography;
using Keypace.Domain;
using Keypace.Domain.Vault;

namespace Keypace.Server.Platform.MasterKey;

/// <summary>The key-encryption key's file: read only where nobody else can have read or written it, made so that nobody else can.</summary>
internal static class KekFile
{
    private const UnixFileMode WidestMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;   // 0600
    private const UnixFileMode NewFileMode = UnixFileMode.UserRead;   // 0400
    private const UnixFileMode NewFolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;   // 0700
    private const uint Root = 0;

    /// <summary>Refuses with <c>kek_missing</c>, <c>kek_unsafe_file</c> or <c>kek_malformed</c>.</summary>
    public static Outcome<KeyEncryptionKey> Read(KekPlace place)
    {
        var path = place.Path!;
        if (FileFacts.Of(path) is not { } named)
            return Missing(path);
        if (named.IsLink)
            return Unsafe($"{path} is a link. Name the file itself, so that nobody can point it at another key.");
        if (!named.IsRegularFile)
            return Unsafe($"{path} is not a regular file.");

        Span<byte> text = stackalloc byte[KekText.Bytes + 2];   // one more than the longest, so that a longer file shows
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            var opened = FileFacts.Of(file) ?? named;
            if (opened.Identity != named.Identity)
                return Unsafe($"{path} was replaced while it was opened. Start again, and find out who replaced it.");
            if (DangerOf(opened, place.Source) is { } danger)
                return Unsafe($"{path} {danger}");
            return KekText.Parse(text[..RandomAccess.Read(file, text, 0)], place.Spoken);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return Missing(path);
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException)
        {
            return new Refusal(
                RefusalReason.Unavailable,
                "kek_unreadable",
                $"The key-encryption key's file {path} cannot be read. See that it belongs to the user that runs keypace.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    /// <summary>
    /// Writes a new file (0400, its folder 0700 where it has to be made) and syncs both. Refuses with <c>kek_exists</c> where anything
    /// bears that name, with <c>kek_not_written</c> where the folder cannot be written; nothing is left behind.
    /// </summary>
    public static Outcome<KekPlace> Create(KekPlace place, KeyEncryptionKey key)
    {
        var path = place.Path!;
        var folder = Path.GetDirectoryName(path)!;
        Span<byte> text = stackalloc byte[KekText.Bytes + 1];
        try
        {
            if (FileFacts.Of(path) is not null)
                return Exists(path);
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(folder);
            else
                Directory.CreateDirectory(folder, NewFolderMode);
            KekText.Write(key, text);
            Write(path, text);
            LibC.SyncFolder(folder);
            return place;
        }
        catch (IOException) when (FileFacts.Of(path) is not null)
        {
            return Exists(path);   // made by another process in between, for our own half-written file is deleted
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException)
        {
            return new Refusal(
                RefusalReason.Unavailable,
                "kek_not_written",
                $"The key-encryption key cannot be written to {path}. Name a place that can be written with --kek-file, outside the data folder.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private static void Write(string path, ReadOnlySpan<byte> text)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = NewFileMode;
        using var file = new FileStream(path, options);
        try
        {
            file.Write(text);
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            File.Delete(path);
            throw;
        }
    }

    private static string? DangerOf(FileFacts file, KekSource source)
    {
        // systemd gives the file to root and lets the service's user read it by an access list, whose mask shows as the group's permission.
        var isCredential = source is KekSource.SystemdCredential;
        var isOwn = file.OwnerId is not { } owner || owner == FileFacts.OwnId || (isCredential && owner == Root);
        if (!isOwn)
            return "belongs to another user. Make the user that runs keypace its owner.";

        var widest = isCredential ? WidestMode | UnixFileMode.GroupRead : WidestMode;
        if ((file.Mode & ~widest) == 0)
            return null;
        var octal = Convert.ToString((int)file.Mode, 8).PadLeft(4, '0');
        return $"can be reached by more than its owner (mode {octal}). Run chmod 400 on it, and consider whether somebody has read it.";
    }

    /// <summary>There is nothing where it belongs, not even a link.</summary>
    public static bool IsMissing(KekPlace place) => place.Path is { } path && FileFacts.Of(path) is null;

    private static Refusal Missing(string path) => new(
        RefusalReason.Unavailable,
        "kek_missing",
        $"The key-encryption key's file {path} is not there. Restore it from your copy, or name it with --kek-file or {KekPlace.FileVariable}.");

    private static Refusal Exists(string path) => new(
        RefusalReason.Conflict,
        "kek_exists",
        $"There is already a file {path}; it was left as it is. Move it away, or name another with --kek-file.");

    private static Refusal Unsafe(string detail) =>
        new(RefusalReason.Unavailable, "kek_unsafe_file", "The key-encryption key's file " + detail);
}
