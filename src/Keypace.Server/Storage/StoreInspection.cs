using Keypace.Domain;
using Keypace.Domain.Vault;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <param name="Applied">Migrations that the store has had, oldest first.</param>
/// <param name="Keys">Its wrapped keys: whether a key-encryption key fits is asked before anything is changed.</param>
/// <param name="IsClaimed">True once somebody became the owner.</param>
internal sealed record StoreState(Guid InstanceId, bool IsClaimed, IReadOnlyList<string> Applied, IReadOnlyList<WrappedKey> Keys);

/// <summary>
/// Looks at a store without changing it, by plain SQL, so that a newer or damaged one is refused as it was found. The columns that are read
/// here are the same in every version of the store.
/// </summary>
internal static class StoreInspection
{
    /// <summary>Up to this size the whole file is checked; a larger one grew by usage, and would delay the start by seconds.</summary>
    private const long WholeCheckBytes = 64L << 20;

    private static readonly string[] _checkedAlways =
        ["__EFMigrationsHistory", "instance", "wrapped_keys", "teams", "members", "access_tokens", "api_keys", "agents"];

    /// <summary>Refuses with <c>store_damaged</c>, <c>store_newer</c> or <c>store_unreadable</c>.</summary>
    public static Outcome<StoreState> Read(DataFolder folder, StoreSchema schema)
    {
        var wal = folder.Store + "-wal";
        var shm = folder.Store + "-shm";
        var hasWal = new FileInfo(wal) is { Exists: true, Length: > 0 };
        var hasShm = File.Exists(shm);
        try
        {
            using var connection = Open(folder.Store, immutable: !hasWal);
            if (FindDamage(connection, folder.Store) is { } damage)
                return Damaged(folder, damage);
            var applied = ReadApplied(connection);
            if (applied.FirstOrDefault(migration => !schema.Migrations.Contains(migration)) is { } unknown)
                return Newer(folder, unknown);
            var (instanceId, isClaimed) = ReadInstance(connection);
            return new StoreState(instanceId, isClaimed, applied, ReadKeys(connection));
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode is 1 or 10 or 11 or 26)   // ERROR (no such table), IOERR, CORRUPT, NOTADB
        {
            return Damaged(folder, failure.SqliteErrorCode == 26 ? "it is no SQLite database" : failure.Message);
        }
        catch (Exception failure) when (failure is InvalidOperationException or FormatException or InvalidCastException)
        {
            return Damaged(folder, "its first tables do not hold what they should");
        }
        catch (SqliteException failure)
        {
            return new Refusal(RefusalReason.Unavailable, "store_unreadable", $"The store {folder.Store} cannot be opened: {OneLine(failure.Message)}.");
        }
        finally
        {
            if (!hasShm)
                File.Delete(shm);   // an index of the log that reading made; SQLite makes it anew
        }
    }

    private static SqliteConnection Open(string path, bool immutable)
    {
        // Without a log nothing else is to be read, and "immutable" keeps SQLite from making lock and log files beside the store.
        var source = "file:" + Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal) + (immutable ? "?immutable=1" : "?mode=ro");
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = source, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static string? FindDamage(SqliteConnection connection, string path)
    {
        if (new FileInfo(path).Length <= WholeCheckBytes)
            return Check(connection, "PRAGMA quick_check(1)");
        foreach (var table in _checkedAlways)
        {
            if (Check(connection, $"PRAGMA quick_check('{table}')") is { } damage)
                return damage;
        }

        return null;
    }

    private static string? Check(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is string answer && answer != "ok" ? answer : null;
    }

    private static List<string> ReadApplied(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT MigrationId FROM __EFMigrationsHistory ORDER BY MigrationId";
        using var reader = command.ExecuteReader();
        var applied = new List<string>();
        while (reader.Read())
            applied.Add(reader.GetString(0));
        return applied;
    }

    private static (Guid Id, bool IsClaimed) ReadInstance(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT Id, ClaimedAt FROM instance";
        using var reader = command.ExecuteReader();
        return reader.Read() ? (Guid.Parse(reader.GetString(0)), !reader.IsDBNull(1)) : throw new InvalidOperationException("No instance.");
    }

    private static List<WrappedKey> ReadKeys(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT KeyId, Purpose, TeamId, KekId, Bytes FROM wrapped_keys ORDER BY KeyId";
        using var reader = command.ExecuteReader();
        var keys = new List<WrappedKey>();
        while (reader.Read())
        {
            keys.Add(new WrappedKey(
                checked((uint)reader.GetInt64(0)),
                reader.GetString(1),
                reader.IsDBNull(2) ? null : Guid.Parse(reader.GetString(2)),
                reader.GetString(3),
                (byte[])reader[4]));
        }

        return keys;
    }

    private static Refusal Damaged(DataFolder folder, string how) => new(
        RefusalReason.Unavailable,
        "store_damaged",
        $"The store {folder.Store} is damaged ({OneLine(how)}). Nothing was changed; restore the data folder from a backup.");

    private static Refusal Newer(DataFolder folder, string migration) => new(
        RefusalReason.Unavailable,
        "store_newer",
        $"The store {folder.Store} was written by a newer keypace (it has '{OneLine(migration)}'). Nothing was changed; start that version, or restore an older backup.");

    private static string OneLine(string text) =>
        string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).TrimEnd('.');
}
