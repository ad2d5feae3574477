using Keypace.Domain;
using Keypace.Server.Storage;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.People.SettingUp;

/// <summary>Does something in a data folder that has no store yet, under its lock. When it fails the folder is as it was.</summary>
internal static class NewFolder
{
    public const string Broken = "folder_unusable";

    /// <summary>Refuses with <c>folder_in_use</c>, <c>folder_unusable</c> and what <paramref name="make"/> refuses with.</summary>
    /// <param name="whenMade">What becomes of the lock when it was made.</param>
    public static Outcome<T> Make<T>(DataFolder folder, Func<FolderLock, Outcome<T>> make, Action<FolderLock> whenMade)
        where T : notnull
    {
        string? topmost = null;
        FolderLock? folderLock = null;
        var isMade = false;
        try
        {
            topmost = folder.Create();
            if (!FolderLock.Take(folder).TryGet(out folderLock, out var refusal))
                return refusal;
            folder.Narrow();
            var made = make(folderLock);
            isMade = made.TryGet(out _, out _);
            if (isMade)
                whenMade(folderLock);
            return made;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or SqliteException)
        {
            return new Refusal(RefusalReason.Unavailable, Broken, $"No store can be made in {folder.Path}, and nothing of it was left: {failure.Message}{folder.WhoseItIs()}");
        }
        finally
        {
            if (!isMade)
            {
                folderLock?.DeleteIfCreated();
                folderLock?.Dispose();
                if (topmost is not null)
                    Directory.Delete(topmost, recursive: true);   // made by us a moment ago
            }
        }
    }
}
