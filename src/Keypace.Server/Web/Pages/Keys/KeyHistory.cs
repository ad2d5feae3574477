using System.Globalization;
using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Server.Web.Pages.Keys;

/// <param name="Who">A person, a token, or the hub.</param>
internal sealed record HistoryEntry(DateTimeOffset At, string Text, string Who);

/// <summary>What became of a key, in sentences: people's changes from the audit, and what the hub's answers changed.</summary>
internal static class KeyHistory
{
    private const int Most = 20;

    public static IReadOnlyList<HistoryEntry> Of(IEnumerable<AuditRecord> changes, IEnumerable<PacingEvent> events, string hub) =>
    [
        .. changes.Select(change => new HistoryEntry(Moment(change.At), Sentence(change), change.ActorName))
            .Concat(events.Select(one => new HistoryEntry(Moment(one.At), one.Cause, hub)))
            .OrderByDescending(entry => entry.At)
            .Take(Most),
    ];

    private static DateTimeOffset Moment(double unixSeconds) => DateTimeOffset.FromUnixTimeMilliseconds((long)(unixSeconds * 1000));

    private static string Sentence(AuditRecord change) => change switch
    {
        { Action: "created" } => "Created",
        { Before: { } before, After: { } after } => Differences(before, after) is { Count: > 0 } found ? string.Join(", ", found) : Word(change.Action),
        _ => Word(change.Action),
    };

    private static List<string> Differences(JsonElement before, JsonElement after)
    {
        var found = new List<string>();
        var (oldLimit, newLimit) = (Limit(before), Limit(after));
        if (oldLimit != newLimit)
            found.Add($"Limit {oldLimit} → {newLimit}");
        foreach (var (member, name) in (ReadOnlySpan<(string, string)>)
            [("name", "Renamed from"), ("display_value", "Secret replaced,"), ("status", "Status"), ("url", "Base URL"), ("pacing", "Pacing"), ("guard_ms", "Guard"), ("hub", "Hub")])
        {
            var (old, now) = (Text(before, member), Text(after, member));
            if (old != now)
                found.Add($"{name} {old} → {now}");
        }

        return found;
    }

    private static string Limit(JsonElement key) => $"{Text(key, "rate_limit_per_interval")} / {Text(key, "rate_limit_interval")} s";

    private static string Text(JsonElement key, string member) =>
        key.ValueKind is JsonValueKind.Object && key.TryGetProperty(member, out var value) && value.ValueKind is not JsonValueKind.Null
            ? value.ToString()
            : "none";

    private static string Word(string action) => action.Length == 0 ? action : char.ToUpper(action[0], CultureInfo.InvariantCulture) + action[1..];
}
