using System.Text.Json;

namespace Keypace.Contracts;

/// <summary>One query that went through (or was refused), for a key's own list.</summary>
/// <param name="At">Unix seconds with fraction.</param>
/// <param name="Status">HTTP status that the caller got; 499 when the caller left.</param>
/// <param name="Attempts">Times it was sent to the hub; 0 when nothing was sent.</param>
public sealed record QueryRecord(
    double At,
    string? ApiKeyId,
    string? AgentId,
    string Caller,
    string TokenId,
    string? Hub,
    string? Model,
    string Route,
    int Status,
    string? ErrorCode,
    long? PromptTokens,
    long? CompletionTokens,
    int WaitedMs,
    int LatencyMs,
    int Attempts);

/// <summary>A key's latest queries, newest first.</summary>
public sealed record QueryList(IReadOnlyList<QueryRecord> Results, int Limit);

/// <summary>Sums of usage over one group: a key, caller, agent, model, hour or day.</summary>
/// <param name="By">What it is grouped by.</param>
/// <param name="Group">The group's id or text; <see cref="Name"/> is its name today where it has one.</param>
public sealed record UsageRow(
    string By,
    string Group,
    string? Name,
    long Queries,
    long Sent,
    long Errors,
    long PromptTokens,
    long CompletionTokens,
    long TotalTokens,
    long WaitedMs,
    long LatencyMs);

/// <summary>Usage summed by one thing.</summary>
/// <param name="Since">Unix seconds.</param>
/// <param name="Until">Unix seconds.</param>
public sealed record UsageReport(string By, long Since, long Until, IReadOnlyList<UsageRow> Results);

/// <summary>One change, who made it and what it was.</summary>
/// <param name="Before">The subject before, without secrets; null when it was made.</param>
/// <param name="After">The subject after, without secrets; null when it is gone.</param>
public sealed record AuditRecord(
    long Id,
    double At,
    string Actor,
    string ActorName,
    string Action,
    string Subject,
    string? SubjectId,
    string? SubjectName,
    JsonElement? Before,
    JsonElement? After,
    string? From,
    string? RequestId);

/// <summary>One page of the record of changes, newest first.</summary>
/// <param name="After">Pass as <c>after</c> to go on; null at the end.</param>
public sealed record AuditList(IReadOnlyList<AuditRecord> Results, long? After);

/// <summary>One setting of the server.</summary>
/// <param name="Source">Where the value came from: <c>default</c>, <c>file</c>, <c>environment</c> or <c>flag</c>.</param>
public sealed record Setting(string Name, string? Value, string Source, string Description);

/// <summary>What <c>PUT /v1/settings</c> takes: what can be changed while the server runs. Absent members stay as they are.</summary>
/// <param name="GuardMs">Milliseconds added to each interval of the team's keys that say none themselves, 0 to 5,000; -1 goes back to the server's own measure.</param>
public sealed record SettingsChange(int? GuardMs = null);
