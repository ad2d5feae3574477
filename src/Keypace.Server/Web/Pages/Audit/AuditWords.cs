using System.Text.Json;
using Keypace.Contracts;
using Keypace.Server.Web.Figures;

namespace Keypace.Server.Web.Pages.Audit;

/// <summary>Audit records in words for people. What they hold is masked already.</summary>
internal static class AuditWords
{
    private const int MostCharacters = 200;

    // They change with every change and say nothing.
    private static readonly HashSet<string> _uninteresting = ["version", "updated_at", "last_used_at", "id", "created_at", "team_id", "user_id", "created_by"];

    public static string Subject(string subject) => subject switch
    {
        "api_key" => "key",
        "access_token" => "token",
        _ => subject,
    };

    public static string Action(string action) => action.Length == 0 ? action : char.ToUpperInvariant(action[0]) + action[1..].Replace('_', ' ');

    /// <summary>The members that differ; empty where the whole thing came or went.</summary>
    public static IReadOnlyList<(string Field, string Before, string After)> Changes(AuditRecord record)
    {
        if (record.Before is not { ValueKind: JsonValueKind.Object } before || record.After is not { ValueKind: JsonValueKind.Object } after)
            return [];
        var changes = new List<(string, string, string)>();
        foreach (var member in after.EnumerateObject().Where(member => !_uninteresting.Contains(member.Name)))
        {
            var old = before.TryGetProperty(member.Name, out var value) ? Said(value) : "none";
            if (old != Said(member.Value))
                changes.Add((member.Name.Replace('_', ' '), old, Said(member.Value)));
        }

        return changes;
    }

    private static string Said(JsonElement value)
    {
        var text = value.ValueKind is JsonValueKind.Null ? "none" : value.ToString();
        return text.Length > MostCharacters ? text[..MostCharacters] + "…" : text.Length == 0 ? "empty" : text;
    }
}
