using System.Text;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Vault;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>Puts a secret into a key's row: the only way in. Everything that depends on the secret is written together with it.</summary>
internal sealed class KeySealing(SecretVault vault, RowMapping mapping)
{
    /// <summary>Hub and id of the row must be set already: the envelope is bound to them.</summary>
    /// <param name="text">What is sealed; null for a key without a secret.</param>
    public void Seal(ApiKeyRow row, KeyParts parts, Destination destination, string? text)
    {
        Describe(row, parts);
        row.Destination = destination.Address;
        row.Injection = parts.Access.Auth.Injection;
        row.SecretVersion++;
        row.DisplayValue = MaskOf(parts.Access, text);
        if (text is null)
        {
            (row.Envelope, row.Fingerprint, row.RateGroupId, row.ChosenRateGroupId) = (null, null, row.Id, null);
            return;
        }

        using var secret = Secret.FromText(text);
        row.Envelope = vault.Seal(secret, mapping.BindingOf(row));
        row.Fingerprint = vault.Fingerprint(row.TeamId, secret);
        row.RateGroupId = vault.RateGroupId(row.TeamId, secret, row.Destination);
        row.ChosenRateGroupId = null;   // somebody chose for the secret before this one
    }

    /// <summary>The group that follows from the stored secret and its address; null when the secret does not open.</summary>
    public Guid? OwnGroupOf(ApiKeyRow row)
    {
        if (row.Envelope is not { } envelope)
            return row.Id;
        if (!vault.Open(envelope, mapping.BindingOf(row)).TryGet(out var secret, out _))
            return null;
        using (secret)
            return vault.RateGroupId(row.TeamId, secret, row.Destination);
    }

    /// <summary>Null when the text may be sealed. Several secrets, each within its bound, can be too long together.</summary>
    public static Refusal? WhyTooLong(string? text) => text is not null && Encoding.UTF8.GetByteCount(text) > Envelope.MostSecretBytes
        ? Refusal.Field("hub_config", $"The secrets are longer than {Envelope.MostSecretBytes / 1024} KiB together.")
        : null;

    /// <summary>Another address for a key that has no secret to bind to it.</summary>
    public static void Move(ApiKeyRow row, KeyParts parts, Destination destination)
    {
        Describe(row, parts);
        row.Destination = destination.Address;
        row.Injection = parts.Access.Auth.Injection;
    }

    /// <summary>The public fields and masks; the secret stays as it is.</summary>
    public static void Describe(ApiKeyRow row, KeyParts parts) => row.HubConfig = parts.Config.Count == 0
        ? null
        : JsonSerializer.Serialize(parts.Config.ToDictionary(field => field.Key, field => (string?)field.Value), KeypaceJson.Default.DictionaryStringString);

    /// <summary>The stored text, for a hub with several secrets of which only some are new. Null when it does not open.</summary>
    public string? Open(ApiKeyRow row)
    {
        if (row.Envelope is not { } envelope || !vault.Open(envelope, mapping.BindingOf(row)).TryGet(out var secret, out _))
            return null;
        using (secret)
            return secret.Reveal();
    }

    private static string MaskOf(HubAccess access, string? text) =>
        text is null ? "" : access.SecretFields.Count == 1 ? MaskedSecret.Of(text) : "****";
}
