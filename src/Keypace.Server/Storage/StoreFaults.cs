using Keypace.Domain;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <summary>What a failure of the store means to whoever asked for something.</summary>
internal static class StoreFaults
{
    private const int DiskFull = 13;   // SQLITE_FULL, https://sqlite.org/rescode.html#full

    private static readonly Refusal _full = new(
        RefusalReason.Unavailable, "store_full",
        "The disk of Keypace's data folder is full, so nothing can be stored; nothing was changed. Free space on it, and try again: no restart is needed.",
        TimeSpan.FromSeconds(10));

    /// <summary>Null for what is not the store's fault, or is a bug.</summary>
    public static Refusal? RefusalOf(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is SqliteException { SqliteErrorCode: DiskFull })
                return _full;
        }

        return null;
    }
}
