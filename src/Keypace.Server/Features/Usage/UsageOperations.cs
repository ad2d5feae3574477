using System.Globalization;
using System.Linq.Expressions;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;
using StoredUsage = Keypace.Server.Storage.Rows.UsageRow;

namespace Keypace.Server.Features.Usage;

/// <summary>Sums what was used. The store sums; only the sums are read.</summary>
internal sealed class UsageOperations(Store store, KeySnapshots snapshots)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;

    private const long MinuteMs = 60_000;
    private const long HourMs = 3_600_000;
    private const long DayMs = 24 * HourMs;

    public async Task<Outcome<UsageReport>> SumAsync(UsageQuestion question, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var (sinceMs, untilMs) = (question.Since * 1000, question.Until * 1000);
        var rows = Seen(db.Usage.Where(row => row.TeamId == caller.TeamId && row.At >= sinceMs && row.At < untilMs), caller);
        var snapshot = snapshots.Current;
        var results = question.By switch
        {
            "key" => await SumByAsync(rows, row => row.ApiKeyId, question.By, id => (id?.ToString() ?? "", id is { } key ? KeyName(snapshot, key) : null), ct),
            "agent" => await SumByAsync(rows.Where(row => row.AgentId != null), row => row.AgentId, question.By,
                id => (id?.ToString() ?? "", id is { } agent ? snapshot.Agents.GetValueOrDefault(agent)?.Name.Text : null), ct),
            "caller" => await SumByAsync(rows, row => new { row.TokenId, row.Caller }, question.By,
                who => (With(who.TokenId, who.Caller), With(TokenName(snapshot, who.TokenId), who.Caller)), ct),
            "model" => await SumByAsync(rows, row => new { row.Hub, row.Model }, question.By,
                model => ($"{model.Hub}/{model.Model}", null), ct),
            "minute" => await SumByAsync(rows, row => row.At / MinuteMs, question.By, minute => (Moment(minute * MinuteMs, "yyyy-MM-dd'T'HH:mm'Z'"), null), ct),
            "hour" => await SumByAsync(rows, row => row.At / HourMs, question.By, hour => (Moment(hour * HourMs, "yyyy-MM-dd'T'HH:mm'Z'"), null), ct),
            _ => await SumByAsync(rows, row => row.At / DayMs, question.By, day => (Moment(day * DayMs, "yyyy-MM-dd"), null), ct),
        };
        if (question.By is "key" or "agent")
            results = await NamedAsync(db, caller.TeamId, results, ct);
        var isTime = question.By is "minute" or "hour" or "day";
        results.Sort((left, right) => isTime ? string.CompareOrdinal(left.Group, right.Group)
            : left.Queries != right.Queries ? right.Queries.CompareTo(left.Queries) : string.CompareOrdinal(left.Group, right.Group));
        return new UsageReport(question.By, question.Since, question.Until, results);
    }

    private static IQueryable<StoredUsage> Seen(IQueryable<StoredUsage> rows, Caller caller)
    {
        var (keys, agents) = (caller.Grant.ApiKeyIds?.ToArray(), caller.Grant.AgentIds?.ToArray());
        return (keys, agents) switch
        {
            (null, null) => rows,
            ({ } k, null) => rows.Where(row => row.ApiKeyId != null && k.Contains(row.ApiKeyId.Value)),
            (null, { } a) => rows.Where(row => row.AgentId != null && a.Contains(row.AgentId.Value)),
            ({ } k, { } a) => rows.Where(row =>
                (row.ApiKeyId != null && k.Contains(row.ApiKeyId.Value)) || (row.AgentId != null && a.Contains(row.AgentId.Value))),
        };
    }

    private static async Task<List<UsageRow>> SumByAsync<TGroup>(
        IQueryable<StoredUsage> rows, Expression<Func<StoredUsage, TGroup>> by, string word, Func<TGroup, (string Group, string? Name)> nameOf, CancellationToken ct)
    {
        var sums = await rows.GroupBy(by).Select(group => new
        {
            group.Key,
            Queries = group.LongCount(),
            Sent = group.Sum(row => (long)row.Attempts),
            Errors = group.Sum(row => row.Status >= 400 ? 1L : 0L),
            PromptTokens = group.Sum(row => row.PromptTokens ?? 0L),
            CompletionTokens = group.Sum(row => row.CompletionTokens ?? 0L),
            TotalTokens = group.Sum(row => row.TotalTokens ?? 0L),
            WaitedMs = group.Sum(row => (long)row.WaitedMs),
            LatencyMs = group.Sum(row => (long)row.LatencyMs),
        }).ToListAsync(ct);
        return sums.ConvertAll(sum =>
        {
            var (group, name) = nameOf(sum.Key);
            return new UsageRow(
                word, group, name, sum.Queries, sum.Sent, sum.Errors, sum.PromptTokens, sum.CompletionTokens, sum.TotalTokens, sum.WaitedMs, sum.LatencyMs);
        });
    }

    /// <summary>What is gone is called what it was called last: the audit knows.</summary>
    private static async Task<List<UsageRow>> NamedAsync(KeypaceDb db, Guid teamId, List<UsageRow> rows, CancellationToken ct)
    {
        var gone = rows.Where(row => row.Name is null && row.Group.Length > 0).Select(row => row.Group).ToList();
        if (gone.Count == 0)
            return rows;
        var newest = db.Audit.Where(record => record.TeamId == teamId && record.SubjectName != null && gone.Contains(record.SubjectId!)).GroupBy(record => record.SubjectId).Select(records => records.Max(record => record.Id));
        var names = await db.Audit.Where(record => newest.Contains(record.Id)).ToDictionaryAsync(record => record.SubjectId!, record => record.SubjectName!, ct);
        return rows.ConvertAll(row => row.Name is null && names.TryGetValue(row.Group, out var name) ? row with { Name = $"{name} (deleted)" } : row);
    }

    private static string? KeyName(KeySnapshot snapshot, Guid id) => snapshot.Keys.GetValueOrDefault(id)?.Name.Text;

    private static string TokenName(KeySnapshot snapshot, string id) =>
        TokenId.TryParse(id, out var tokenId) && snapshot.Tokens.TryGetValue(tokenId, out var token) ? token.Name : id;

    private static string With(string token, string caller) => caller.Length == 0 ? token : $"{token}/{caller}";

    private static string Moment(long unixMs, string format) =>
        DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString(format, CultureInfo.InvariantCulture);
}
