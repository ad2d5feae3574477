using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Audit;

/// <summary>Who changed what. Read only: records are made with the changes themselves.</summary>
internal sealed class AuditOperations(Store store)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.ReadTeam;

    public const int UsualRecords = 100;
    public const int MostRecords = 1_000;

    /// <summary>The newest first.</summary>
    /// <param name="after">Goes on behind this record; null from the newest.</param>
    /// <param name="subjectId">Only records of this key, agent, token or member; null for all.</param>
    /// <param name="subject">Only records about this kind of thing: <c>api_key</c>, <c>agent</c>, <c>access_token</c>, <c>team</c>; null for all.</param>
    /// <param name="search">Only records that have this in the subject's or actor's name or the action; null for all.</param>
    public async Task<Outcome<AuditList>> ListAsync(int limit, long? after, string? search, Caller caller, CancellationToken ct, string? subjectId = null, string? subject = null)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var records = db.Audit.Where(row => row.TeamId == caller.TeamId);
        if (subjectId is not null)
            records = records.Where(row => row.SubjectId == subjectId);
        if (!string.IsNullOrEmpty(subject))
            records = records.Where(row => row.Subject == subject);
        if (after is { } id)
            records = records.Where(row => row.Id < id);
        if (!string.IsNullOrEmpty(search))
        {
            // As a literal: a search for 50% must not find everything that begins with 50.
            var pattern = "%" + search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal) + "%";
            records = records.Where(row => EF.Functions.Like(row.SubjectName!, pattern, "\\")
                || EF.Functions.Like(row.ActorName, pattern, "\\") || EF.Functions.Like(row.Action, pattern, "\\"));
        }

        var rows = await records.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(ct);
        var page = rows.Take(limit).Select(row => new AuditRecord(
            row.Id, row.At / 1000.0, row.Actor, row.ActorName, row.Action, row.Subject, row.SubjectId, row.SubjectName,
            Parsed(row.Before), Parsed(row.After), row.From, row.RequestId)).ToList();
        return new AuditList(page, rows.Count > limit ? page[^1].Id : null);
    }

    private static JsonElement? Parsed(string? json)
    {
        if (json is null)
            return null;
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
