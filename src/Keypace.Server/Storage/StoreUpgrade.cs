using Keypace.Server.Platform.MasterKey;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Storage;

/// <summary>Brings a store to the newest schema. Under the folder's lock, so nobody else is at it.</summary>
internal static class StoreUpgrade
{
    /// <summary>Makes the tables of a store that is just being made.</summary>
    public static void CreateTables(string path, StoreSchema schema)
    {
        using var db = new KeypaceDb(schema.OptionsFor(path));
        db.Database.Migrate();
    }

    /// <summary>Copies the store beside itself, then applies what is missing. Gives the path of the copy.</summary>
    public static string Run(DataFolder folder, StoreSchema schema, IReadOnlyList<string> applied)
    {
        var first = schema.Migrations.First(migration => !applied.Contains(migration));
        var backup = BackUp(folder, folder.BackupBefore(first));
        using var db = new KeypaceDb(schema.OptionsFor(folder.Store));
        // A process that was killed while upgrading has left its claim, and Migrate would wait for it for ever. The folder's lock is ours.
        db.Database.ExecuteSqlRaw("DROP TABLE IF EXISTS \"__EFMigrationsLock\"");
        db.Database.Migrate();
        return backup;
    }

    private static string BackUp(DataFolder folder, string path)
    {
        // Left by an upgrade that was interrupted after its copy: the copy of a moment ago is as good, but it may be half a copy.
        var unfinished = path + ".new";
        File.Delete(unfinished);
        DataFolder.CreateFile(unfinished).Dispose();
        using (var connection = StoreSchema.OpenConnection(folder.Store))
        {
            using var command = connection.CreateCommand();
            command.CommandText = "VACUUM INTO $path";
            command.Parameters.AddWithValue("$path", unfinished);
            command.ExecuteNonQuery();
        }

        using (var copy = new FileStream(unfinished, FileMode.Open, FileAccess.ReadWrite))
            copy.Flush(flushToDisk: true);
        File.Move(unfinished, path, overwrite: true);
        LibC.SyncFolder(folder.Path);
        return path;
    }
}
