using Keypace.Contracts;
using Keypace.Domain.Keys;

namespace Keypace.Cli;

/// <summary>The fields that a hub wants beside or instead of one secret: public ones from the command line, secret ones never.</summary>
internal static class HubFields
{
    private static readonly string[] s_secretWords = ["secret", "key", "token", "password"];

    /// <summary>Reads <c>--config</c> and <c>--config-file</c>; null when there are none.</summary>
    public static async Task<Dictionary<string, string?>?> ReadAsync(Session session, Hub hub, string[] open, string[] files, CancellationToken ct)
    {
        var fields = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (name, value) in open.Select(text => Split(text, "--config", "name=value")))
        {
            if (IsSecret(hub, name))
                throw CommandFailure.Usage($"'{name}' is a secret, and others can read a command line. Use --config-file {name}=FILE, or leave it out to be asked.");

            Add(fields, hub, name, value);
        }

        foreach (var (name, file) in files.Select(text => Split(text, "--config-file", "name=FILE")))
            Add(fields, hub, name, await session.Secrets.ReadAsync(name, file, "--config-file", ct));

        return fields.Count > 0 ? fields : null;
    }

    /// <summary>Asks for the required fields that are missing; without a terminal it names them instead.</summary>
    public static async Task<Dictionary<string, string?>?> CompleteAsync(Session session, Hub hub, Dictionary<string, string?>? fields, CancellationToken ct)
    {
        var way = WayOf(hub, fields);
        var missing = (hub.Fields ?? []).Where(field =>
            (way?.Needs.Contains(field.Name) ?? field.Required) && fields?.ContainsKey(field.Name) != true).ToArray();
        if (missing.Length == 0)
            return fields;

        if (!session.Terminal.CanAsk)
        {
            var flags = missing.Select(field => field.Secret ? $"--config-file {field.Name}=FILE" : $"--config {field.Name}=…");
            throw CommandFailure.Usage($"A key of {hub.Name} also needs: {string.Join(", ", flags)}.");
        }

        fields ??= new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var field in missing)
        {
            fields[field.Name] = field.Secret
                ? await session.Secrets.ReadAsync(field.Label, null, "--config-file", ct)
                : (await session.Terminal.Ask($"{field.Label}:", ct)).Trim();
        }

        return fields;
    }

    /// <summary>Whether the key's own value is <c>required</c>, <c>optional</c>, or <c>none</c>: then the secret is among the fields.</summary>
    public static string ValueOf(Hub hub, IReadOnlyDictionary<string, string?>? fields) => WayOf(hub, fields)?.Value
        ?? (hub.Fields?.Any(field => field.Secret && field.Required) == true ? "none" : "required");   // a server of before there were ways

    /// <summary>The kind of credential that the given fields mean; the hub's ordinary one when they name no other.</summary>
    private static HubWay? WayOf(Hub hub, IReadOnlyDictionary<string, string?>? fields) =>
        hub.Ways?.FirstOrDefault(way => way.ChosenBy.Any(name => fields?.ContainsKey(name) == true)) ?? (hub.Ways is [var ordinary, ..] ? ordinary : null);

    /// <summary>What the hub says, or, of a field that it does not name, what the name says: rather once too often.</summary>
    private static bool IsSecret(Hub hub, string name) =>
        hub.Fields?.FirstOrDefault(field => field.Name == name)?.Secret
            ?? Array.Exists(s_secretWords, word => name.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static void Add(Dictionary<string, string?> fields, Hub hub, string name, string value)
    {
        if (hub.Fields is { Count: > 0 } known && known.All(field => field.Name != name))
            throw CommandFailure.Usage($"{hub.Name} has no field {TypedName.Said(name)}.{NearestName.Hint(name, known.Select(field => field.Name))}");

        if (!fields.TryAdd(name, value))
            throw CommandFailure.Usage($"'{name}' is given twice.");
    }

    private static (string Name, string Value) Split(string text, string flag, string shape)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1
            ? (text[..equals], text[(equals + 1)..])
            : throw CommandFailure.Usage($"{flag} takes {shape}.");   // the text is not repeated: it may be a secret
    }
}
