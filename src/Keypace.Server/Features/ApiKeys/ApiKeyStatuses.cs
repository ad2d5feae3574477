using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>What a key's limit is doing now, and what went through it lately.</summary>
internal sealed class ApiKeyStatuses(Store store, KeySnapshots snapshots, ManagementChanges changes, ApiKeyOperations operations, TimeProvider time)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;
    public const Need ToChange = Need.Change;

    public const int UsualQueries = 100;
    public const int MostQueries = 1_000;

    public async Task<Outcome<ApiKeyStatus>> StatusAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        if (!(await KeyRows.FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
            return refusal;
        var snapshot = snapshots.Current;
        if (!snapshot.Keys.TryGetValue(row.Id, out var key))
            return Refusal.NotFound("API key", idOrName);

        var group = snapshot.KeysByRateGroup.GetValueOrDefault(key.RateGroupId, []);
        string[] seen = [.. group.Where(each => caller.Grant.Sees(each.Id)).Select(each => each.Name.Text)];
        return WireStatus.Of(key, seen, snapshots.GroupOf(key).Status(), time.GetUtcNow(), TokenNames(snapshot));
    }

    /// <summary>Ends a pause, and the refusal of models for which waiting was said not to help.</summary>
    public async Task<Outcome<ApiKeyStatus>> UnpauseAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        var done = await changes.RunAsync<ApiKeyRow>(caller, async change =>
        {
            if (!(await KeyRows.FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal;
            if (snapshots.Current.Keys.TryGetValue(row.Id, out var key))
            {
                change.Audit<ApiKey>(AuditedSubject.ApiKey, "unpaused", row.Id.ToString(), row.Name, null, null);
                change.Publish(current => current.GroupOf(key).Unpause(key.Source));
            }

            return row;
        }, ct);
        return done.TryGet(out _, out var why) ? await StatusAsync(idOrName, caller, ct) : why;
    }

    /// <summary>What the hub taught is no longer believed: the limit, bursts, a pause, models that are refused without being sent, or all of it.</summary>
    public async Task<Outcome<ApiKeyStatus>> ForgetAsync(string idOrName, string? kind, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        if (LessonSentences.KindOf(kind) is not { } kinds)
            return new Refusal(RefusalReason.Invalid, "invalid", "kind is limit, bursts, pause or circuit; without it everything that the hub taught is taken back.");
        var done = await changes.RunAsync<ApiKeyRow>(caller, async change =>
        {
            if (!(await KeyRows.FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var refusal))
                return refusal;
            if (snapshots.Current.Keys.TryGetValue(row.Id, out var key))
            {
                change.Audit<ApiKey>(AuditedSubject.ApiKey, "lessons_forgotten", row.Id.ToString(), row.Name, null, null);
                change.Publish(current => current.GroupOf(key).Forget(kinds, key.Source));
            }

            return row;
        }, ct);
        return done.TryGet(out _, out var why) ? await StatusAsync(idOrName, caller, ct) : why;
    }

    /// <summary>Makes the limit that the hub's headers reported the key's own.</summary>
    public async Task<Outcome<ApiKey>> TakeReportedAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToChange) is { } forbidden)
            return forbidden;
        if (!(await StatusAsync(idOrName, caller, ct)).TryGet(out var status, out var refusal))
            return refusal;
        if (status.ReportedLimit is not { Limit: >= 1 and <= RateLimit.MostCount } reported)
        {
            return new Refusal(RefusalReason.Conflict, "no_reported_limit",
                $"The hub of '{status.Name}' has reported no limit that could be taken since this server started. Send a query, then try again, or set the limit by hand.");
        }

        return await operations.ChangeAsync(
            status.Id, new ApiKeyChange(RateLimitPerInterval: (int)reported.Limit.Value, RateLimitInterval: reported.IntervalSeconds, RateLimitSource: "set"), caller, ct);
    }

    /// <summary>The newest first.</summary>
    public async Task<Outcome<QueryList>> QueriesAsync(string idOrName, int limit, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
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

    private static Func<string, string> TokenNames(KeySnapshot snapshot) =>
        id => Domain.Access.TokenId.TryParse(id, out var tokenId) && snapshot.Tokens.TryGetValue(tokenId, out var token) ? token.Name : id;
}
