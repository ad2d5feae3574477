using System.Collections.Immutable;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Usage;

/// <summary>
/// What each key's newest queries came to, for pages that show it all the time. Each record is looked at once for all pages together; nothing is read
/// while nobody asks. One reader at a time calls <see cref="ReadOnAsync"/>; the answers are read from any thread.
/// </summary>
internal sealed class KeyNews(Store store, TimeProvider time)
{
    private ImmutableDictionary<Guid, long> _lastUsed = ImmutableDictionary<Guid, long>.Empty;
    private ImmutableDictionary<Guid, LastError> _lastErrors = ImmutableDictionary<Guid, LastError>.Empty;
    private long _newestRecord = -1;
    private long _newestUse = time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>When a key was last used, where that happened since the server began; null otherwise. Unix milliseconds.</summary>
    public long? LastUsed(Guid apiKeyId) => _lastUsed.TryGetValue(apiKeyId, out var at) ? at : null;

    /// <summary>The error of the key's newest query; null when that went well.</summary>
    public LastError? LastErrorOf(Guid apiKeyId) => _lastErrors.GetValueOrDefault(apiKeyId);

    /// <summary>Takes up what was stored since the last call.</summary>
    public async Task ReadOnAsync(CancellationToken ct)
    {
        await using var db = store.Read();
        await ReadLastUsedAsync(db, ct);
        await ReadLastErrorsAsync(db, ct);
    }

    private async Task ReadLastUsedAsync(KeypaceDb db, CancellationToken ct)
    {
        var since = _newestUse;
        var used = await db.ApiKeys.Where(row => row.LastUsedAt > since).Select(row => new { row.Id, At = row.LastUsedAt!.Value }).ToListAsync(ct);
        if (used.Count == 0)
            return;
        _lastUsed = _lastUsed.SetItems(used.Select(one => KeyValuePair.Create(one.Id, one.At)));
        _newestUse = used.Max(one => one.At);
    }

    private async Task ReadLastErrorsAsync(KeypaceDb db, CancellationToken ct)
    {
        var (since, newest) = (_newestRecord, await db.Usage.MaxAsync(row => (long?)row.Id, ct) ?? 0);
        if (newest == since)
            return;
        var ids = since < 0
            ? db.ApiKeys.Select(key => db.Usage.Where(row => row.ApiKeyId == key.Id && row.Id <= newest).Max(row => (long?)row.Id))
            : db.Usage.Where(row => row.Id > since && row.Id <= newest && row.ApiKeyId != null).GroupBy(row => row.ApiKeyId).Select(rows => rows.Max(row => (long?)row.Id));
        var found = await db.Usage.Where(row => ids.Contains(row.Id)).Select(row => new { ApiKeyId = row.ApiKeyId!.Value, row.ErrorCode, row.At }).ToListAsync(ct);
        var errors = _lastErrors.ToBuilder();
        foreach (var one in found)
        {
            if (one.ErrorCode is { } code)
                errors[one.ApiKeyId] = new LastError(code, one.At / 1000);
            else
                errors.Remove(one.ApiKeyId);
        }

        (_lastErrors, _newestRecord) = (errors.ToImmutable(), newest);
    }
}

/// <param name="Code">Of the newest query that a key took.</param>
/// <param name="At">Unix seconds.</param>
public sealed record LastError(string Code, long At);
