using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Features.Access;
using Keypace.Server.Features.StoredKeys;
using Keypace.Server.Gateway;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What a key's limit is doing now, and what went through it lately.</summary>
internal sealed class ApiKeyStatuses(Store store, KeySnapshots snapshots, Pacing.RateGroups rateGroups, TimeProvider time)
{
    public const int UsualQueries = 100;
    public const int MostQueries = 1_000;

    public async Task<Outcome<ApiKeyStatus>> StatusAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        await using var db = store.Read();
        if (!(await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
            return refusal;
        var snapshot = snapshots.Current;
        if (!snapshot.Keys.TryGetValue(row.Id, out var key))
            return Refusal.NotFound("API key", idOrName);

        var limit = snapshot.LimitOf(key.RateGroupId) ?? key.Limit;
        var group = snapshot.KeysByRateGroup.GetValueOrDefault(key.RateGroupId, []);
        string[] seen = [.. group.Where(each => caller.Grant.Sees(each.Id)).Select(each => each.Name.Text)];
        return WireStatus.Of(key, seen, rateGroups.Get(key.RateGroupId, limit).Status(), time.GetUtcNow(), TokenNames(snapshot));
    }

    /// <summary>The newest first.</summary>
    public async Task<Outcome<QueryList>> QueriesAsync(string idOrName, int limit, Caller caller, CancellationToken ct)
    {
        await using var db = store.Read();
        if (!(await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var key, out var refusal))
            return refusal;
        var rows = await db.Usage.Where(row => row.ApiKeyId == key.Id).OrderByDescending(row => row.Id).Take(limit).ToListAsync(ct);
        return new QueryList(
            rows.ConvertAll(row => new QueryRecord(
                row.At / 1000.0, row.ApiKeyId?.ToString(), row.AgentId?.ToString(), row.Caller, row.TokenId, row.Hub, row.Model, row.Route, row.Status,
                row.ErrorCode, row.PromptTokens, row.CompletionTokens, row.WaitedMs, row.LatencyMs, row.Attempts)),
            limit);
    }

    /// <summary>The errors of those keys whose newest query failed, by id; of the newest <see cref="MostQueries"/> queries, so that a long past costs nothing.</summary>
    public async Task<IReadOnlyDictionary<Guid, LastError>> LastErrorsAsync(Caller caller, CancellationToken ct)
    {
        await using var db = store.Read();
        var rows = await db.Usage.Where(row => row.TeamId == caller.TeamId && row.ApiKeyId != null).OrderByDescending(row => row.Id).Take(MostQueries)
            .Select(row => new { ApiKeyId = row.ApiKeyId!.Value, row.ErrorCode, row.At }).ToListAsync(ct);
        var errors = new Dictionary<Guid, LastError>();
        foreach (var newest in rows.DistinctBy(row => row.ApiKeyId))
        {
            if (newest.ErrorCode is { } code && caller.Grant.Sees(newest.ApiKeyId))
                errors[newest.ApiKeyId] = new LastError(code, newest.At / 1000);
        }

        return errors;
    }

    private static Func<string, string> TokenNames(KeySnapshot snapshot) =>
        id => Domain.Access.TokenId.TryParse(id, out var tokenId) && snapshot.Tokens.TryGetValue(tokenId, out var token) ? token.Name : id;
}

/// <summary>Why a key's newest query failed.</summary>
/// <param name="At">Unix seconds.</param>
internal sealed record LastError(string Code, long At);
