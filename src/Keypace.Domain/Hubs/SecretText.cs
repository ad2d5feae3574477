using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>The text that is sealed for a key: the secret itself, or an object of several where the hub wants several.</summary>
public static class SecretText
{
    /// <summary>Joins secrets in the order of <paramref name="fields"/>, so that equal secrets make equal texts (and fingerprints).</summary>
    /// <returns>Null when there is no secret.</returns>
    public static string? Join(IReadOnlyList<string> fields, IReadOnlyDictionary<string, string> secrets)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ArgumentNullException.ThrowIfNull(secrets);
        if (fields.Count == 1)
            return secrets.GetValueOrDefault(fields[0]);
        if (!fields.Any(secrets.ContainsKey))
            return null;

        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            foreach (var field in fields)
            {
                if (secrets.TryGetValue(field, out var secret))
                    writer.WriteString(field, secret);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Takes apart what <see cref="Join"/> made.</summary>
    /// <exception cref="JsonException">It was not made for these fields.</exception>
    public static IReadOnlyDictionary<string, string> Split(IReadOnlyList<string> fields, string text)
    {
        ArgumentNullException.ThrowIfNull(fields);
        if (fields.Count == 1)
            return new Dictionary<string, string> { [fields[0]] = text };
        using var document = JsonDocument.Parse(text);
        var secrets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in document.RootElement.EnumerateObject())
            secrets[member.Name] = member.Value.GetString() ?? "";
        return secrets;
    }

    /// <summary>Why this cannot be a secret, as the end of a sentence; null when it can. Its form is the hub's business, what a header can carry is ours.</summary>
    internal static string? WhyNot(string secret)
    {
        if (HubConfig.IsMask(secret))
            return "is a mask, not the secret. Give the secret itself.";
        if (secret.Length > HubConfig.MostSecretBytes)
            return $"is longer than {HubConfig.MostSecretBytes / 1024} KiB.";
        if (secret.AsSpan().IndexOfAny('\r', '\n') >= 0)
            return "holds a line break (perhaps copied along). Take it out.";
        foreach (var character in secret)
        {
            if (character is < ' ' or > '~')
                return "holds a character that no header can carry (a control character or one outside ASCII). Copy it again.";
        }

        return secret[0] == ' ' || secret[^1] == ' ' ? "begins or ends with a space, which would be lost on the way. Take it out." : null;
    }
}

/// <summary>A caller's value and hub_config, taken apart.</summary>
/// <param name="Access">The way into the hub that this config means.</param>
/// <param name="Config">What is kept and shown: public fields, and masks as <c>display_…</c>; empty when the hub has none.</param>
/// <param name="NewSecrets">By field (<c>value</c> or a hub_config field); empty when the caller gave none.</param>
/// <param name="MayKeepStored">True when secrets that were not given stay those of the stored envelope.</param>
public sealed record KeyParts(
    HubAccess Access,
    IReadOnlyDictionary<string, string> Config,
    IReadOnlyDictionary<string, string> NewSecrets,
    bool MayKeepStored)
{
    public bool HasNewSecret => NewSecrets.Count > 0;

    /// <summary>True when only some of several secrets are new: the stored text must be opened and given to <see cref="JoinWith"/>.</summary>
    public bool NeedsStored => HasNewSecret && MayKeepStored && NewSecrets.Count < Access.SecretFields.Count && !IsWhole;

    /// <summary>True when all that this way needs is new: what is optional (a session's token) belonged to the old ones.</summary>
    private bool IsWhole => Access.Needs.Any(Access.SecretFields.Contains) && Access.SecretFields.Where(Access.Needs.Contains).All(NewSecrets.ContainsKey);

    /// <summary>The text to seal when all secrets are new; null when there is none.</summary>
    public string? Join() => SecretText.Join(Access.SecretFields, NewSecrets);

    /// <summary>The text to seal when some secrets stay as they are.</summary>
    /// <param name="stored">The text of the stored envelope.</param>
    public string? JoinWith(string stored)
    {
        var all = new Dictionary<string, string>(SecretText.Split(Access.SecretFields, stored), StringComparer.Ordinal);
        foreach (var (field, secret) in NewSecrets)
            all[field] = secret;
        return SecretText.Join(Access.SecretFields, all);
    }

    public override string ToString() => $"{nameof(KeyParts)} {{ Config = {Config.Count} fields, NewSecrets = *** }}";
}
