using System.Collections.Immutable;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Usage;

/// <summary>
/// When each key was last used, for pages that show it all the time: the store's own column is written once a minute only. Each record is looked at
/// once for all pages together; nothing is read while nobody asks. One reader at a time calls <see cref="ReadOnAsync"/>; the answers are read from
/// any thread.
/// </summary>
internal sealed class KeyNews(Store store, TimeProvider time)
{
    private static readonly TimeSpan _columnIsLate = TimeSpan.FromMinutes(2);

    private ImmutableDictionary<Guid, long> _lastUsed = ImmutableDictionary<Guid, long>.Empty;
    private long _newestRecord = -1;

    /// <summary>When a query was last sent with a key, where that was lately; null otherwise. Unix milliseconds.</summary>
    public long? LastUsed(Guid apiKeyId) => _lastUsed.TryGetValue(apiKeyId, out var at) ? at : null;

    /// <summary>Takes up what was stored since the last call.</summary>
    public async Task ReadOnAsync(CancellationToken ct)
    {
        await using var db = store.Read();
        var (since, newest) = (_newestRecord, await db.Usage.MaxAsync(row => (long?)row.Id, ct) ?? 0);
        if (newest == since)
            return;
        var lately = (time.GetUtcNow() - _columnIsLate).ToUnixTimeMilliseconds();
        var records = since < 0 ? db.Usage.Where(row => row.At > lately && row.Id <= newest) : db.Usage.Where(row => row.Id > since && row.Id <= newest);
        var used = await records.Where(row => row.ApiKeyId != null).GroupBy(row => row.ApiKeyId!.Value)
            .Select(rows => new { Id = rows.Key, At = rows.Max(row => row.At + row.WaitedMs) }).ToListAsync(ct);
        _lastUsed = _lastUsed.SetItems(used.Select(one => KeyValuePair.Create(one.Id, Math.Max(one.At, _lastUsed.GetValueOrDefault(one.Id)))));
        _newestRecord = newest;
    }
}
