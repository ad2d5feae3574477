using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Keypace.Server.Storage;

/// <summary>
/// What every connection to the store is told, and asked again whether it took it: SQLite ignores a pragma that it does not know or cannot
/// follow without a word.
/// </summary>
internal static class StorePragmas
{
    private const int DbConfigDefensive = 1010;   // SQLITE_DBCONFIG_DEFENSIVE: no SQL can damage the file on purpose

    private static readonly (string Name, string Value, string ReadBack)[] _all =
    [
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", "2"),          // an acknowledged commit was fsynced
        ("foreign_keys", "ON", "1"),
        ("busy_timeout", "5000", "5000"),      // ms
        ("secure_delete", "ON", "1"),          // a destroyed envelope is overwritten, not only unlinked
        ("cell_size_check", "ON", "1"),
        ("trusted_schema", "OFF", "0"),
        ("mmap_size", "0", "0"),               // a failing disk then is an error, not a signal
    ];

    private static readonly string _set = string.Concat(_all.Select(pragma => $"PRAGMA {pragma.Name}={pragma.Value};"));
    private static readonly string _read = string.Concat(_all.Select(pragma => $"PRAGMA {pragma.Name};"));

    /// <exception cref="InvalidOperationException">The connection did not take one of them; it is not to be used.</exception>
    public static void Apply(SqliteConnection connection)
    {
        if (raw.sqlite3_db_config(connection.Handle!, DbConfigDefensive, 1, out var defensive) != raw.SQLITE_OK || defensive != 1)
            throw new InvalidOperationException("SQLite did not take its defensive mode.");
        using var command = connection.CreateCommand();
        command.CommandText = _set;
        command.ExecuteNonQuery();
        command.CommandText = _read;
        using var reader = command.ExecuteReader();
        foreach (var (name, _, expected) in _all)
        {
            var value = reader.Read() ? Convert.ToString(reader.GetValue(0), CultureInfo.InvariantCulture) : null;
            if (!string.Equals(value, expected, StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"The store's connection has {name}={value ?? "nothing"} where {expected} is needed.");
            reader.NextResult();
        }
    }
}
