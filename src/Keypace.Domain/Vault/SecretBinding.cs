namespace Keypace.Domain.Vault;

/// <summary>
/// Where a sealed secret belongs. Every field is authenticated with it, so an envelope that is copied to another team, key, version or
/// destination does not open. The key's name is not part: renaming costs nothing.
/// </summary>
/// <param name="InstanceId">The installation; an envelope of another store does not open here.</param>
/// <param name="Purpose">One of <see cref="VaultPurposes"/>.</param>
/// <param name="SecretVersion">Counts the secrets that this key has had, so an old envelope cannot be put back.</param>
/// <param name="HubId">The hub's word: <c>openai</c>.</param>
/// <param name="Destination">Canonical base address that the secret may travel to; empty where the hub has none yet.</param>
/// <param name="Injection">How it is attached: <c>header:authorization:bearer</c>, <c>header:x-api-key</c>.</param>
public sealed record SecretBinding(
    Guid InstanceId,
    Guid TeamId,
    string Purpose,
    Guid ApiKeyId,
    ulong SecretVersion,
    string HubId,
    string Destination,
    string Injection)
{
    /// <summary>The canonical bytes. They hold nothing secret and may be kept beside the envelope.</summary>
    /// <exception cref="System.Text.EncoderFallbackException">A field holds half of a surrogate pair.</exception>
    public byte[] ToBytes() => new FieldWriter()
        .Text("keypace/aad/v1")
        .Id(InstanceId)
        .Id(TeamId)
        .Text(Purpose)
        .Id(ApiKeyId)
        .Number(SecretVersion)
        .Text(HubId)
        .Text(Destination)
        .Text(Injection)
        .ToArray();
}

/// <summary>What a data key is for. A key of one purpose opens nothing of another.</summary>
public static class VaultPurposes
{
    /// <summary>The secret of an API key.</summary>
    public const string ApiKeySecret = "api-key.secret";

    /// <summary>The installation's own key, from which the keys for token digests, fingerprints and the audit chain come.</summary>
    public const string Instance = "instance";
}
