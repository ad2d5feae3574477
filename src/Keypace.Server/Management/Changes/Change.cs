using System.Text.Json;
using Keypace.Contracts;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Management.Changes;

/// <summary>One change on its way: rows, the audit's record of it, and what queries must learn once it is committed.</summary>
internal sealed class Change(KeypaceDb db, Caller caller, DateTimeOffset now)
{
    private readonly List<Action<KeySnapshots>> _publications = [];

    public KeypaceDb Db => db;

    public Caller Caller => caller;

    public DateTimeOffset Now => now;

    /// <summary>Unix milliseconds, as the store has every time.</summary>
    public long NowMs => now.ToUnixTimeMilliseconds();

    /// <summary>A new id; ids sort by when they were made.</summary>
    public Guid NewId() => Guid.CreateVersion7(now);

    /// <summary>Audits in the same transaction. The two states are wire records: what the wire never holds, the audit cannot hold either.</summary>
    public void Audit<T>(AuditedSubject subject, string action, string id, string name, T? before, T? after)
        where T : class =>
        db.Audit.Add(new AuditRow
        {
            TeamId = caller.TeamId,
            At = NowMs,
            Actor = caller.Actor,
            ActorName = caller.ActorName,
            Action = action,
            Subject = subject.Word(),
            SubjectId = id,
            SubjectName = name,
            Before = before is null ? null : JsonSerializer.Serialize(before, typeof(T), KeypaceJson.Default),
            After = after is null ? null : JsonSerializer.Serialize(after, typeof(T), KeypaceJson.Default),
            From = caller.From,
            RequestId = caller.RequestId.Length == 0 ? null : caller.RequestId,
        });

    /// <summary>Keys that change their rate group, each way once. Before anything is saved.</summary>
    public IReadOnlyCollection<GroupsOfKey> Moves() => db.ChangeTracker.Entries<ApiKeyRow>()
        .Where(entry => entry.State == EntityState.Modified)
        .Select(entry => entry.Property(row => row.RateGroupId))
        .Where(group => group.OriginalValue != group.CurrentValue)
        .Select(group => new GroupsOfKey(group.OriginalValue, group.CurrentValue))
        .ToHashSet();

    /// <summary>To be done after the commit and before the answer.</summary>
    public void Publish(Action<KeySnapshots> publication) => _publications.Add(publication);

    public void PublishTo(KeySnapshots snapshots)
    {
        foreach (var publication in _publications)
            publication(snapshots);
    }
}

internal enum AuditedSubject
{
    ApiKey,
    Agent,
    AccessToken,
    Team,
    Hub,
}

internal static class AuditedSubjects
{
    public static string Word(this AuditedSubject subject) => subject switch
    {
        AuditedSubject.ApiKey => "api_key",
        AuditedSubject.Agent => "agent",
        AuditedSubject.AccessToken => "access_token",
        AuditedSubject.Team => "team",
        AuditedSubject.Hub => "hub",
        _ => throw new ArgumentOutOfRangeException(nameof(subject)),
    };
}
