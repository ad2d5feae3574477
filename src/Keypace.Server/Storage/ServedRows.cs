using Keypace.Domain.Keys;
using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <summary>
/// What queries are decided by, read in one go at the start. By hand, because at a start this is all that is read, and Entity Framework's
/// model would cost a third of the time until the server is ready. Only the columns that deciding a query needs are filled.
/// </summary>
internal sealed record ServedRows(IReadOnlyList<ApiKeyRow> Keys, IReadOnlyList<AgentRow> Agents, IReadOnlyList<AccessTokenRow> Tokens, bool HasDeletedKeys, IReadOnlyList<TeamRow> Teams)
{
    public static ServedRows Read(Store store)
    {
        using var connection = store.OpenConnection();
        return new ServedRows(
            All(connection,
                """
                SELECT "Id", "TeamId", "Name", "Hub", "Url", "Destination", "Injection", "HubConfig", "Envelope", "SecretVersion", "RateGroupId",
                       "RateLimitPerInterval", "RateLimitInterval", "Status", "LimitIsDefault", "Pacing", "GuardMs", "Limits", "LimitFrozen",
                       "Fingerprint", "PassHeaders", "DropParams"
                FROM api_keys WHERE "Status" <> 'deleted'
                """, KeyOf),
            All(connection, """SELECT "Id", "TeamId", "Name", "ModelName", "AgentUrl", "ApiKeyId", "SystemPrompt", "Status", "DropParams" FROM agents""", AgentOf),
            All(connection,
                """
                SELECT "Id", "Digest", "TeamId", "MemberId", "Name", "Role", "Scopes", "ApiKeyIds", "AgentIds", "Weight", "ExpiresAt", "RevokedAt", "Priority"
                FROM access_tokens
                """, TokenOf),
            All(connection, """SELECT 1 FROM api_keys WHERE "Status" = 'deleted' LIMIT 1""", _ => true).Count > 0,
            All(connection, """SELECT "Id", "HubDefaults", "GuardMs" FROM teams WHERE "HubDefaults" IS NOT NULL OR "GuardMs" IS NOT NULL""",
                row => new TeamRow { Id = row.GetGuid(0), HubDefaults = TextOf(row, 1), GuardMs = row.IsDBNull(2) ? null : row.GetInt32(2) }));
    }

    private static List<T> All<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> rowOf)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are those above.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(rowOf(reader));
        return rows;
    }

    private static ApiKeyRow KeyOf(SqliteDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TeamId = row.GetGuid(1),
        Name = row.GetString(2),
        Hub = row.GetString(3),
        Url = TextOf(row, 4),
        Destination = row.GetString(5),
        Injection = row.GetString(6),
        HubConfig = TextOf(row, 7),
        Envelope = row.IsDBNull(8) ? null : row.GetFieldValue<byte[]>(8),
        SecretVersion = row.GetInt64(9),
        RateGroupId = row.GetGuid(10),
        RateLimitPerInterval = row.GetInt32(11),
        RateLimitInterval = row.GetInt32(12),
        Status = StatusWords.StoredKey(row.GetString(13)),
        LimitIsDefault = row.GetBoolean(14),
        Pacing = row.GetString(15),
        GuardMs = row.IsDBNull(16) ? null : row.GetInt32(16),
        Limits = TextOf(row, 17),
        LimitFrozen = row.GetBoolean(18),
        Fingerprint = row.IsDBNull(19) ? null : row.GetFieldValue<byte[]>(19),
        PassHeaders = TextOf(row, 20),
        DropParams = TextOf(row, 21),
    };

    private static AgentRow AgentOf(SqliteDataReader row) => new()
    {
        Id = row.GetGuid(0),
        TeamId = row.GetGuid(1),
        Name = row.GetString(2),
        ModelName = row.GetString(3),
        AgentUrl = TextOf(row, 4),
        ApiKeyId = row.IsDBNull(5) ? null : row.GetGuid(5),
        SystemPrompt = TextOf(row, 6),
        Status = StatusWords.StoredAgent(row.GetString(7)),
        DropParams = TextOf(row, 8),
    };

    private static AccessTokenRow TokenOf(SqliteDataReader row) => new()
    {
        Id = row.GetString(0),
        Digest = row.GetFieldValue<byte[]>(1),
        TeamId = row.GetGuid(2),
        MemberId = row.GetGuid(3),
        Name = row.GetString(4),
        Role = row.GetString(5),
        Scopes = row.GetString(6),
        ApiKeyIds = TextOf(row, 7),
        AgentIds = TextOf(row, 8),
        Weight = row.GetInt32(9),
        ExpiresAt = row.GetInt64(10),
        RevokedAt = row.IsDBNull(11) ? null : row.GetInt64(11),
        Priority = row.GetString(12),
    };

    private static string? TextOf(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
