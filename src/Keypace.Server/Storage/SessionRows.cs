using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Storage;

/// <summary>Sessions, read at the start. By hand for the same reason as <see cref="ServedRows"/>.</summary>
internal static class SessionRows
{
    public static IReadOnlyList<(SessionRow Row, string Email)> Read(Store store)
    {
        using var connection = store.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT s."Id", s."Digest", s."TeamId", s."MemberId", s."Role", s."CreatedAt", s."LastSeenAt", s."EndsAt", s."OpenedBy", m."Email"
            FROM sessions s JOIN members m ON m."Id" = s."MemberId"
            """;
        using var reader = command.ExecuteReader();
        var rows = new List<(SessionRow, string)>();
        while (reader.Read())
        {
            rows.Add((
                new SessionRow
                {
                    Id = reader.GetString(0),
                    Digest = reader.GetFieldValue<byte[]>(1),
                    TeamId = reader.GetGuid(2),
                    MemberId = reader.GetGuid(3),
                    Role = reader.GetString(4),
                    CreatedAt = reader.GetInt64(5),
                    LastSeenAt = reader.GetInt64(6),
                    EndsAt = reader.GetInt64(7),
                    OpenedBy = reader.IsDBNull(8) ? null : reader.GetString(8),
                },
                reader.GetString(9)));
        }

        return rows;
    }

    /// <summary>The team that the store was made with.</summary>
    public static Guid FirstTeam(Store store)
    {
        using var connection = store.OpenConnection();
        using var command = connection.CreateCommand();
        command.CommandText = """SELECT "Id" FROM teams ORDER BY "CreatedAt" LIMIT 1""";
        using var reader = command.ExecuteReader();
        return reader.Read() ? reader.GetGuid(0) : throw new InvalidOperationException("The store has no team.");
    }
}
