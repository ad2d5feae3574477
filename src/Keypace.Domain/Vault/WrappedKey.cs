using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>
/// A key of the store as the store holds it: encrypted under the key-encryption key, and bound to the installation, team, purpose and ids.
/// </summary>
/// <param name="KeyId">Unique in the store. Of several keys with one team and purpose the highest id seals; all of them open.</param>
/// <param name="Purpose">One of <see cref="VaultPurposes"/>.</param>
/// <param name="TeamId">Null for the instance key.</param>
/// <param name="KekId">Which key-encryption key wrapped it.</param>
/// <param name="Bytes">125 bytes: form 01, salt (32), commitment (32), nonce (12), encrypted key (32), tag (16).</param>
public sealed record WrappedKey(uint KeyId, string Purpose, Guid? TeamId, string KekId, byte[] Bytes)
{
    public const int WrappedBytes = HeaderBytes + KeyBytes + TagBytes;
    internal const int KeyBytes = 32;
    internal const int SaltBytes = 32;
    internal const int NonceBytes = 12;

    private const byte Form = 1;
    private const int SaltAt = 1;
    private const int CommitmentAt = 33;
    private const int NonceAt = 65;
    private const int HeaderBytes = 77;
    private const int TagBytes = 16;

    internal static WrappedKey Wrap(
        KeyEncryptionKey kek, Guid instanceId, Guid? teamId, string purpose, uint keyId, ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonce)
    {
        var bytes = new byte[WrappedBytes];
        bytes[0] = Form;
        salt.CopyTo(bytes.AsSpan(SaltAt, SaltBytes));
        nonce.CopyTo(bytes.AsSpan(NonceAt, NonceBytes));
        using var derived = Derive(kek, salt);
        using var lease = derived.Use();
        lease.Bytes[KeyBytes..].CopyTo(bytes.AsSpan(CommitmentAt));

        var wrapped = new WrappedKey(keyId, purpose, teamId, kek.Id, bytes);
        using var aes = new AesGcm(lease.Bytes[..KeyBytes], TagBytes);
        aes.Encrypt(
            nonce, key, bytes.AsSpan(HeaderBytes, KeyBytes), bytes.AsSpan(HeaderBytes + KeyBytes), wrapped.Authenticated(instanceId));
        return wrapped;
    }

    /// <summary>Refuses with <c>kek_wrong</c> or <c>data_key_damaged</c>.</summary>
    internal Outcome<PinnedKey> Unwrap(KeyEncryptionKey kek, Guid instanceId)
    {
        if (!string.Equals(KekId, kek.Id, StringComparison.Ordinal))
            return KekWrong(kek);
        if (Bytes.Length != WrappedBytes || Bytes[0] != Form)
            return Damaged();

        using var derived = Derive(kek, Bytes.AsSpan(SaltAt, SaltBytes));
        using var lease = derived.Use();
        if (!CryptographicOperations.FixedTimeEquals(lease.Bytes[KeyBytes..], Bytes.AsSpan(CommitmentAt, KeyBytes)))
            return KekWrong(kek);

        var key = new PinnedKey(KeyBytes);
        try
        {
            using var aes = new AesGcm(lease.Bytes[..KeyBytes], TagBytes);
            aes.Decrypt(
                Bytes.AsSpan(NonceAt, NonceBytes), Bytes.AsSpan(HeaderBytes, KeyBytes), Bytes.AsSpan(HeaderBytes + KeyBytes), key.Writable,
                Authenticated(instanceId));
            return key;
        }
        catch (AuthenticationTagMismatchException)
        {
            key.Dispose();
            return Damaged();
        }
    }

    /// <summary>
    /// Encryption key, then commitment; derived for this one wrapping, so that nonces under the key-encryption key need no counting.
    /// </summary>
    private static PinnedKey Derive(KeyEncryptionKey kek, ReadOnlySpan<byte> salt)
    {
        var derived = new PinnedKey(2 * KeyBytes);
        using var lease = kek.Key.Use();
        HKDF.DeriveKey(HashAlgorithmName.SHA512, lease.Bytes, derived.Writable, salt, "keypace/wrap/v1"u8);
        return derived;
    }

    private byte[] Authenticated(Guid instanceId) => new FieldWriter()
        .Text("keypace/dek/v1")
        .Id(instanceId)
        .Id(TeamId)
        .Text(Purpose)
        .Number(KeyId)
        .Text(KekId)
        .Bytes(Bytes.AsSpan(0, HeaderBytes))
        .ToArray();

    private Refusal KekWrong(KeyEncryptionKey kek) => new(
        RefusalReason.Unavailable,
        "kek_wrong",
        $"This store was made with the key-encryption key '{KekId}'; the one given, '{kek.Id}', does not fit. Give the one that belongs to it.");

    private Refusal Damaged() => new(
        RefusalReason.Unavailable,
        "data_key_damaged",
        $"Key {KeyId} of the store is damaged or was moved here from another store. Restore the data folder from a backup.");
}
