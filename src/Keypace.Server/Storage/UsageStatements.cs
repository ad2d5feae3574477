using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <summary>
/// The statements of <see cref="UsageWriter"/>, kept prepared on one connection.
/// </summary>
internal sealed class UsageStatements : IDisposable
{
    /// <summary>A time of last use is written at most so often, in milliseconds.</summary>
    private const long LastUsedStepMs = 60_000;

    private readonly SqliteConnection _connection;
    private readonly UsageInsert _insert;
    private readonly SqliteCommand _touchKey;
    private readonly SqliteCommand _touchToken;
    private readonly Dictionary<Guid, long> _keysTouched = [];
    private readonly Dictionary<string, long> _tokensTouched = new(StringComparer.Ordinal);

    /// <param name="connection">Owned from here on.</param>
    public UsageStatements(SqliteConnection connection)
    {
        _connection = connection;
        _insert = new UsageInsert(connection);
        _touchKey = Command("UPDATE api_keys SET \"LastUsedAt\" = $At WHERE \"Id\" = $Id AND coalesce(\"LastUsedAt\", 0) < $At", ["At", "Id"]);
        _touchToken = Command("UPDATE access_tokens SET \"LastUsedAt\" = $At WHERE \"Id\" = $Id AND coalesce(\"LastUsedAt\", 0) < $At", ["At", "Id"]);
    }

    /// <summary>Writes all rows in one transaction. All or none are in the store after it.</summary>
    public void Save(List<UsageRow> rows)
    {
        using var transaction = _connection.BeginTransaction(deferred: false);
        _touchKey.Transaction = _touchToken.Transaction = transaction;
        _insert.Run(rows);
        var keys = LatestUse(rows, row => row.ApiKeyId, _keysTouched);
        var tokens = LatestUse(rows, row => row.TokenId.Length > 0 ? row.TokenId : null, _tokensTouched);
        foreach (var (id, at) in keys)
            Touch(_touchKey, id, at);
        foreach (var (id, at) in tokens)
            Touch(_touchToken, id, at);
        transaction.Commit();

        // Only now: what was taken back is to be written again.
        foreach (var (id, at) in keys)
            _keysTouched[id] = at;
        foreach (var (id, at) in tokens)
            _tokensTouched[id] = at;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _touchKey.Dispose();
        _touchToken.Dispose();
        _connection.Dispose();
    }

    private static Dictionary<T, long> LatestUse<T>(List<UsageRow> rows, Func<UsageRow, T?> idOf, Dictionary<T, long> touched)
        where T : struct
    {
        var latest = new Dictionary<T, long>();
        foreach (var row in rows)
        {
            if (idOf(row) is { } id)
                Note(latest, touched, id, row.At);
        }

        return latest;
    }

    private static Dictionary<string, long> LatestUse(List<UsageRow> rows, Func<UsageRow, string?> idOf, Dictionary<string, long> touched)
    {
        var latest = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            if (idOf(row) is { } id)
                Note(latest, touched, id, row.At);
        }

        return latest;
    }

    private static void Note<T>(Dictionary<T, long> latest, Dictionary<T, long> touched, T id, long at)
        where T : notnull
    {
        if (at - touched.GetValueOrDefault(id) >= LastUsedStepMs && at > latest.GetValueOrDefault(id))
            latest[id] = at;
    }

    private static void Touch(SqliteCommand command, object id, long at)
    {
        command.Parameters[0].Value = at;
        command.Parameters[1].Value = id;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, IEnumerable<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = "$" + name });
        return command;
    }
}
