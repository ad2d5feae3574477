using Keypace.Domain.Pacing;

namespace Keypace.Server.Storage;

/// <summary>What some keys used, by time and model. By hand for the same reason as <see cref="ServedRows"/>.</summary>
internal static class UsageOfKeys
{
    private const long MinuteMs = 60_000;

    /// <summary>Oldest first. What was used within a minute counts as used at its end; from <paramref name="exactSince"/> on times are exact.</summary>
    public static IReadOnlyList<PastUse> Read(Store store, IReadOnlyList<Guid> apiKeyIds, DateTimeOffset since, DateTimeOffset exactSince)
    {
        using var connection = store.OpenConnection();
        using var command = connection.CreateCommand();
        var names = apiKeyIds.Select((_, index) => $"$key{index}").ToArray();
#pragma warning disable CA2100 // Only the parameters' own names are put in.
        command.CommandText = $"""
            SELECT CASE WHEN "SentAt" >= $exact THEN "SentAt" ELSE ("SentAt" / {MinuteMs} + 1) * {MinuteMs} END, "Model", SUM("Attempts"), SUM(COALESCE("PromptTokens", 0)),
                   SUM(COALESCE("CompletionTokens", MAX(0, COALESCE("TotalTokens", 0) - COALESCE("PromptTokens", 0))))
            FROM usage WHERE "ApiKeyId" IN ({string.Join(", ", names)}) AND "SentAt" >= $since GROUP BY 1, 2 ORDER BY 1
            """;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$since", since.ToUnixTimeMilliseconds());
        command.Parameters.AddWithValue("$exact", exactSince.ToUnixTimeMilliseconds());
        for (var i = 0; i < names.Length; i++)
            command.Parameters.AddWithValue(names[i], apiKeyIds[i]);

        using var reader = command.ExecuteReader();
        var uses = new List<PastUse>();
        while (reader.Read())
        {
            uses.Add(new PastUse(
                DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(0)), reader.IsDBNull(1) ? null : reader.GetString(1),
                reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4)));
        }

        return uses;
    }
}
