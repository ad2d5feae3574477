using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Storage;

/// <summary>
/// The migrations that this program knows, oldest first. Written down so that a start that has nothing to upgrade need not load
/// Entity Framework's model to find that out; a test compares it with the migrations there are.
/// </summary>
/// <param name="Configure">Lets a test add a migration of its own.</param>
internal sealed record StoreSchema(IReadOnlyList<string> Migrations, Action<DbContextOptionsBuilder>? Configure = null)
{
    public static readonly StoreSchema Current = new(["20261123201814_Initial", "20261125221217_Pacing", "20261125222933_Sessions", "20261125231500_HubDefaults", "20261126020500_TeamGuard", "20261130071000_SessionOpeners", "20261130080000_Lessons", "20261130110000_PassHeaders", "20261130143000_KeyTroubles", "20261130175500_DisabledBeforeDeletion", "20261130220000_DropParams"]);

    /// <param name="path">The store's file, which exists.</param>
    public DbContextOptions<KeypaceDb> OptionsFor(string path)
    {
        var options = new DbContextOptionsBuilder<KeypaceDb>();
        options.UseSqlite(ConnectionText(path)).AddInterceptors(new PragmaInterceptor());
        Configure?.Invoke(options);
        return options.Options;
    }

    public static SqliteConnection OpenConnection(string path)
    {
        var connection = new SqliteConnection(ConnectionText(path));
        try
        {
            connection.Open();
            StorePragmas.Apply(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Never makes a file: a store that has gone missing is an error, not a new store.</summary>
    private static string ConnectionText(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString();
}
