using Keypace.Server.Storage.Rows;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Storage;

/// <summary>
/// What the gateway needs to know of the store before it serves, read by plain SQL: loading Entity Framework's model takes longer than all the
/// rest of the start, and nothing else needs it until somebody manages something.
/// </summary>
internal sealed record StartingRows(IReadOnlyList<ApiKeyRow> ApiKeys, IReadOnlyList<AgentRow> Agents, IReadOnlyList<AccessTokenRow> AccessTokens)
{
    public static StartingRows Read(Store store)
    {
        using var connection = store.OpenConnection();
        using var transaction = connection.BeginTransaction(deferred: true);   // one state of all three tables
        return new StartingRows(Read(connection, "api_keys", ApiKey), Read(connection, "agents", Agent), Read(connection, "access_tokens", AccessToken));
    }

    private static List<T> Read<T>(SqliteConnection connection, string table, Func<Columns, T> make)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table}";
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        var columns = new Columns(reader);
        while (reader.Read())
            rows.Add(make(columns));
        return rows;
    }

    private static ApiKeyRow ApiKey(Columns row) => new()
    {
        Id = row.Id("Id"),
        TeamId = row.Id("TeamId"),
        Name = row.Text("Name")!,
        NameKey = row.Text("NameKey")!,
        Hub = row.Text("Hub")!,
        Url = row.Text("Url"),
        Destination = row.Text("Destination")!,
        Injection = row.Text("Injection")!,
        DisplayValue = row.Text("DisplayValue")!,
        HubConfig = row.Text("HubConfig"),
        Envelope = row.Bytes("Envelope"),
        SecretVersion = row.Whole("SecretVersion"),
        Fingerprint = row.Bytes("Fingerprint"),
        RateGroupId = row.Id("RateGroupId"),
        RateLimitPerInterval = (int)row.Whole("RateLimitPerInterval"),
        RateLimitInterval = (int)row.Whole("RateLimitInterval"),
        LimitIsDefault = row.Whole("LimitIsDefault") != 0,
        Pacing = row.Text("Pacing")!,
        GuardMs = (int?)row.WholeOrNull("GuardMs"),
        Limits = row.Text("Limits"),
        LimitFrozen = row.Whole("LimitFrozen") != 0,
        ChosenRateGroupId = row.Text("ChosenRateGroupId") is { } group ? Guid.Parse(group) : null,
        Status = row.Text("Status")!,
        Version = (int)row.Whole("Version"),
        CreatedBy = row.Id("CreatedBy"),
        CreatedAt = row.Whole("CreatedAt"),
        UpdatedAt = row.Whole("UpdatedAt"),
        DeletedAt = row.WholeOrNull("DeletedAt"),
        LastUsedAt = row.WholeOrNull("LastUsedAt"),
    };

    private static AgentRow Agent(Columns row) => new()
    {
        Id = row.Id("Id"),
        TeamId = row.Id("TeamId"),
        Name = row.Text("Name")!,
        NameKey = row.Text("NameKey")!,
        ModelName = row.Text("ModelName")!,
        AgentUrl = row.Text("AgentUrl"),
        Hub = row.Text("Hub")!,
        ApiKeyId = row.Text("ApiKeyId") is { } id ? Guid.Parse(id) : null,
        SystemPrompt = row.Text("SystemPrompt"),
        HubConfig = row.Text("HubConfig"),
        Status = row.Text("Status")!,
        Version = (int)row.Whole("Version"),
        CreatedBy = row.Id("CreatedBy"),
        CreatedAt = row.Whole("CreatedAt"),
        UpdatedAt = row.Whole("UpdatedAt"),
    };

    private static AccessTokenRow AccessToken(Columns row) => new()
    {
        Id = row.Text("Id")!,
        Digest = row.Bytes("Digest")!,
        TeamId = row.Id("TeamId"),
        MemberId = row.Id("MemberId"),
        Name = row.Text("Name")!,
        Role = row.Text("Role")!,
        Scopes = row.Text("Scopes")!,
        ApiKeyIds = row.Text("ApiKeyIds"),
        AgentIds = row.Text("AgentIds"),
        Weight = (int)row.Whole("Weight"),
        Priority = row.Text("Priority")!,
        CreatedAt = row.Whole("CreatedAt"),
        ExpiresAt = row.Whole("ExpiresAt"),
        RevokedAt = row.WholeOrNull("RevokedAt"),
        LastUsedAt = row.WholeOrNull("LastUsedAt"),
    };

    private sealed class Columns(SqliteDataReader reader)
    {
        public Guid Id(string name) => Guid.Parse(reader.GetString(reader.GetOrdinal(name)));

        public string? Text(string name) => reader.GetOrdinal(name) is var at && reader.IsDBNull(at) ? null : reader.GetString(at);

        public byte[]? Bytes(string name) => reader.GetOrdinal(name) is var at && reader.IsDBNull(at) ? null : reader.GetFieldValue<byte[]>(at);

        public long Whole(string name) => reader.GetInt64(reader.GetOrdinal(name));

        public long? WholeOrNull(string name) => reader.GetOrdinal(name) is var at && reader.IsDBNull(at) ? null : reader.GetInt64(at);
    }
}
