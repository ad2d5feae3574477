using Keypace.Domain.Vault;

namespace Keypace.Domain.Hubs;

/// <summary>
/// Takes what a caller sends as value and hub_config apart: fields that may be shown, secrets to be sealed, and masks of secrets that
/// stay as they are. Fields that the hub does not know are ignored, and a mask is never taken for a secret.
/// </summary>
public static class HubConfig
{
    /// <summary>A secret field <c>agent_key</c> is shown as <c>display_agent_key</c>.</summary>
    public const string MaskPrefix = "display_";

    /// <summary>Longest public field, in UTF-8 bytes.</summary>
    public const int MostFieldBytes = 8 * 1024;

    /// <summary>Longest secret, in UTF-8 bytes.</summary>
    public const int MostSecretBytes = 16 * 1024;

    /// <summary>For a new key (or one that is only tested): everything that the hub needs must be there.</summary>
    public static Outcome<KeyParts> ForNew(HubProfile hub, string? value, IReadOnlyDictionary<string, string?>? config) =>
        Take(hub, value, config, stored: null);

    /// <summary>For a change: fields that are absent, null or masks stay as they are; an empty public field is cleared.</summary>
    /// <param name="stored">The key's config as it is shown: public fields and masks.</param>
    public static Outcome<KeyParts> ForChange(
        HubProfile hub, string? value, IReadOnlyDictionary<string, string?>? config, IReadOnlyDictionary<string, string>? stored) =>
        Take(hub, value, config, stored ?? new Dictionary<string, string>());

    /// <summary>Only the fields that may be shown: all that an agent keeps of a hub_config. Secrets and masks fall away.</summary>
    public static Outcome<SortedDictionary<string, string>> PublicPart(HubProfile hub, IReadOnlyDictionary<string, string?>? config)
    {
        ArgumentNullException.ThrowIfNull(hub);
        var kept = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in hub.Fields)
        {
            if (field.Secret || config is null || !config.TryGetValue(field.Name, out var text) || string.IsNullOrEmpty(text))
                continue;
            if (CheckPublic(field, text) is { } refusal)
                return refusal;
            kept[field.Name] = text;
        }

        return kept;
    }

    /// <summary>True for what listings show in place of a secret: <c>****</c> and at most four more characters.</summary>
    public static bool IsMask(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length is >= 4 and <= 12 && text.StartsWith("****", StringComparison.Ordinal);   // four characters may be eight UTF-16 units
    }

    internal static Refusal Refuse(string field, string message, string type = "value_error") =>
        new(RefusalReason.Invalid, "invalid", message, Fields: [new FieldRefusal(["body", "hub_config", field], message, type)]);

    private static Outcome<KeyParts> Take(
        HubProfile hub, string? value, IReadOnlyDictionary<string, string?>? config, IReadOnlyDictionary<string, string>? stored)
    {
        ArgumentNullException.ThrowIfNull(hub);
        var shown = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in hub.Fields)
        {
            string? given = null;
            config?.TryGetValue(field.Name, out given);
            var refusal = field.Secret
                ? TakeSecretField(field, given, stored, shown, secrets)
                : TakePublicField(field, given, stored, shown);
            if (refusal is not null)
                return refusal;
        }

        var access = AccessMeant(hub, value, shown, secrets);
        if (access.SecretIsValue && !string.IsNullOrEmpty(value) && !(stored is not null && IsMask(value)))
        {
            if (SecretText.WhyNot(value) is { } why)
                return Refusal.Field("value", $"The key's value {why}");
            secrets[HubAccess.Value] = value;
        }

        // What this way into the hub does not use is neither kept nor shown.
        foreach (var field in hub.Fields.Where(field => field.Secret && !access.SecretFields.Contains(field.Name)))
        {
            secrets.Remove(field.Name);
            shown.Remove(MaskPrefix + field.Name);
        }

        foreach (var name in access.Needs)
        {
            if (hub.Fields.First(field => field.Name == name) is { Secret: false } needed && !shown.ContainsKey(name))
                return Refuse(name, $"{needed.Label} is missing. Give hub_config.{name}.", "missing");
        }

        if (access.SecretIsValue && value?.Length == 0 && stored is null)
            return Missing(hub, HubAccess.Value, access);
        var mayStay = stored is not null && hub.AccessFor(stored).SecretFields.SequenceEqual(access.SecretFields);
        foreach (var name in access.SecretFields)
        {
            if (access.SecretRequired && !mayStay && !secrets.ContainsKey(name) && IsNeeded(hub, access, name))
                return Missing(hub, name, access);
        }

        return new KeyParts(access, shown, secrets, mayStay);
    }

    /// <summary>
    /// The way into the hub that is meant. New secrets decide: with a service account's file given, the masks of the client that the key
    /// had before mean nothing any more.
    /// </summary>
    private static HubAccess AccessMeant(HubProfile hub, string? value, SortedDictionary<string, string> shown, Dictionary<string, string> secrets)
    {
        var access = hub.AccessFor(shown);
        if (secrets.Count == 0 && (string.IsNullOrEmpty(value) || IsMask(value)))
            return access;
        if (secrets.Count > 0 && secrets.Keys.All(access.SecretFields.Contains))
            return access;
        var fresh = new SortedDictionary<string, string>(shown, StringComparer.Ordinal);
        foreach (var field in hub.Fields.Where(field => field.Secret && !secrets.ContainsKey(field.Name)))
            fresh.Remove(MaskPrefix + field.Name);
        return hub.AccessFor(fresh);
    }

    private static Refusal? TakePublicField(
        HubField field, string? given, IReadOnlyDictionary<string, string>? stored, SortedDictionary<string, string> shown)
    {
        var text = given ?? (stored is not null && stored.TryGetValue(field.Name, out var before) ? before : "");
        if (text.Length == 0)
            return field.Required ? Refuse(field.Name, $"{field.Label} is missing. Give hub_config.{field.Name}.", "missing") : null;
        shown[field.Name] = text;
        return CheckPublic(field, text);
    }

    private static Refusal? TakeSecretField(
        HubField field, string? given, IReadOnlyDictionary<string, string>? stored, SortedDictionary<string, string> shown, Dictionary<string, string> secrets)
    {
        var maskName = MaskPrefix + field.Name;
        if (string.IsNullOrEmpty(given) || (stored is not null && IsMask(given)))
        {
            if (stored is not null && stored.TryGetValue(maskName, out var mask))
                shown[maskName] = mask;
            return null;
        }

        given = FieldForms.IsMultiline(field.Form) ? OneLine(given) : given;
        if ((SecretText.WhyNot(given) ?? FieldForms.WhyNot(field.Form, given)) is { } why)
            return Refuse(field.Name, $"{field.Label} {why}");
        secrets[field.Name] = given;
        if (field.Masked)
            shown[maskName] = MaskedSecret.Of(given);
        return null;
    }

    private static bool IsNeeded(HubProfile hub, HubAccess access, string name) =>
        access.SecretFields.Count == 1 || access.Needs.Contains(name) || hub.Fields.Any(field => field.Name == name && field.Required);

    private static Refusal Missing(HubProfile hub, string name, HubAccess access)
    {
        if (name == HubAccess.Value)
            return Refusal.Field("value", $"The key's value is missing: {hub.DisplayName} needs its secret there ({access.ValueLabel}).", "missing");
        var label = hub.Fields.First(field => field.Name == name).Label;
        return Refuse(name, $"{label} is missing. Give hub_config.{name} (a mask such as {MaskPrefix}{name} does not hold the secret).", "missing");
    }

    private static Refusal? CheckPublic(HubField field, string text)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(text) > MostFieldBytes)
            return Refuse(field.Name, $"{field.Label} is longer than {MostFieldBytes / 1024} KiB.");
        var mayBreak = FieldForms.IsMultiline(field.Form);
        if (text.Any(character => char.IsControl(character) && !(mayBreak && character is '\n' or '\r' or '\t')))
            return Refuse(field.Name, $"{field.Label} holds a line break or another control character. Take it out.");
        return FieldForms.WhyNot(field.Form, text) is { } why ? Refuse(field.Name, $"{field.Label} {why}") : null;
    }

    /// <summary>JSON in one line: a file that was pasted with its line breaks is the same secret as one without.</summary>
    private static string OneLine(string json)
    {
        try
        {
            return System.Text.Json.Nodes.JsonNode.Parse(json)?.ToJsonString() ?? json;
        }
        catch (System.Text.Json.JsonException)
        {
            return json;
        }
    }
}
