using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Storage;

/// <param name="Code">Of the refusal; empty where there was none.</param>
/// <param name="Sentence">As the caller was told; never a secret. Empty for a key that is well again.</param>
/// <param name="At">Unix milliseconds.</param>
internal sealed record KeptTrouble(Guid ApiKeyId, string Code, string Sentence, long At);

/// <summary>What is wrong with keys, one row each, written behind the queries.</summary>
internal sealed class TroubleTable(Store store, TimeProvider time, ILogger<TroubleTable> logger) : IAsyncDisposable
{
    private readonly WriteBehind<KeptTrouble> _rows = new(store, "what is wrong with keys", SaveAsync, time, logger);

    public IReadOnlyList<KeptTrouble> Load()
    {
        using var db = store.Read();
        return [.. db.Troubles.Select(row => new KeptTrouble(row.ApiKeyId, row.Code, row.Sentence, row.At))];
    }

    public void Keep(KeptTrouble trouble) => _rows.Keep(trouble.ApiKeyId, trouble);

    public void Forget(Guid apiKeyId) => _rows.Keep(apiKeyId, new KeptTrouble(apiKeyId, "", "", 0));

    /// <summary>Removes the row in a change of the key itself, so that both are on the disk or neither is.</summary>
    public static async Task RemoveAsync(KeypaceDb db, Guid apiKeyId, CancellationToken ct)
    {
        if (await db.Troubles.FirstOrDefaultAsync(each => each.ApiKeyId == apiKeyId, ct) is { } row)
            db.Troubles.Remove(row);
    }

    /// <summary>Returns when all that was kept before is on the disk.</summary>
    public Task WrittenAsync() => _rows.WrittenAsync();

    /// <summary>Writes what is waiting and ends.</summary>
    public ValueTask DisposeAsync() => _rows.DisposeAsync();

    private static async Task SaveAsync(KeypaceDb db, Guid apiKeyId, KeptTrouble trouble)
    {
        var row = await db.Troubles.FirstOrDefaultAsync(each => each.ApiKeyId == apiKeyId);
        if (trouble.Sentence.Length == 0)
        {
            if (row is not null)
                db.Troubles.Remove(row);
            return;
        }

        row ??= db.Troubles.Add(new TroubleRow { ApiKeyId = apiKeyId }).Entity;
        (row.Code, row.Sentence, row.At) = (trouble.Code, trouble.Sentence, trouble.At);
    }
}
