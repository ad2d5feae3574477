using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Keypace.Domain.Vault;

/// <summary>
/// One sealed secret, suite 1: AES-256-GCM under a key that HKDF-SHA512 derives for this record alone, with a commitment to that key.
/// <code>
/// offset size
///      0    2  4B 50 ("KP")
///      2    1  format 01
///      3    1  suite 01
///      4    4  id of the data key, big endian
///      8   32  salt
///     40   32  commitment: the second half of what HKDF gives
///     72   12  nonce
///     84    n  ciphertext: length (4, big endian), secret, zeros up to a multiple of 64
///   84+n   16  tag
/// </code>
/// The tag covers the whole header and the binding. The padding hides how long a secret is.
/// </summary>
public static class Envelope
{
    public const int HeaderBytes = 84;
    public const int TagBytes = 16;

    /// <summary>Ciphertext is a multiple of this.</summary>
    public const int BlockBytes = 64;

    /// <summary>The largest secret, in bytes. Service-account files have about 2,400.</summary>
    public const int MostSecretBytes = 65_536;

    internal const int SaltBytes = 32;
    internal const int NonceBytes = 12;

    private const int KeyIdAt = 4;
    private const int SaltAt = 8;
    private const int CommitmentAt = 40;
    private const int NonceAt = 72;
    private const int LengthPrefixBytes = 4;
    private const int MostStackBytes = 1024;

    private static ReadOnlySpan<byte> Start => [0x4B, 0x50, 0x01, 0x01];

    /// <summary>Room that <see cref="TryOpen"/> needs for the secret of an envelope of this many bytes; 0 where it cannot be one.</summary>
    public static int SecretBound(int envelopeBytes) =>
        Math.Max(0, envelopeBytes - HeaderBytes - TagBytes - LengthPrefixBytes);

    /// <summary>Which data key sealed it. False for bytes that are no envelope of a known suite.</summary>
    public static bool TryReadKeyId(ReadOnlySpan<byte> envelope, out uint keyId)
    {
        keyId = IsWellFormed(envelope) ? BinaryPrimitives.ReadUInt32BigEndian(envelope[KeyIdAt..]) : 0;
        return IsWellFormed(envelope);
    }

    /// <summary>
    /// Opens with a record key derived for this envelope. False, with nothing written, where the envelope is malformed or damaged, belongs
    /// to another binding or another key, or the record key was disposed meanwhile: which of them is nobody's business.
    /// </summary>
    /// <param name="binding">From <see cref="SecretBinding.ToBytes"/>.</param>
    /// <param name="secret">At least <see cref="SecretBound"/> bytes; the caller overwrites it after use.</param>
    /// <param name="secretBytes">Length of the secret in <paramref name="secret"/>.</param>
    public static bool TryOpen(
        RecordKey key, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> binding, Span<byte> secret, out int secretBytes)
    {
        secretBytes = 0;
        if (!IsWellFormed(envelope))
            return false;
        if (secret.Length < SecretBound(envelope.Length))
            throw new ArgumentException($"The buffer needs {SecretBound(envelope.Length)} bytes.", nameof(secret));
        if (!key.Key.TryLease(out var lease))
            return false;

        var paddedBytes = envelope.Length - HeaderBytes - TagBytes;
        var padded = paddedBytes <= MostStackBytes
            ? stackalloc byte[paddedBytes]
            : GC.AllocateUninitializedArray<byte>(paddedBytes, pinned: true);
        try
        {
            using (lease)
            {
                if (!TryDecrypt(lease.Bytes, key.Ciphers, envelope, binding, padded))
                    return false;
            }

            return TryUnpad(padded, secret, out secretBytes);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(padded);
        }
    }

    /// <param name="dataKey">32 bytes; never touches the secret itself.</param>
    internal static RecordKey DeriveRecordKey(ReadOnlySpan<byte> dataKey, ReadOnlySpan<byte> envelope, string purpose)
    {
        var label = "keypace/rec/v1|"u8;
        Span<byte> info = stackalloc byte[label.Length + 1 + sizeof(uint) + Encoding.UTF8.GetMaxByteCount(purpose.Length)];
        label.CopyTo(info);
        envelope.Slice(KeyIdAt - 1, 1 + sizeof(uint)).CopyTo(info[label.Length..]);   // suite and key id, as they stand in the header
        var written = label.Length + 1 + sizeof(uint);
        written += Encoding.UTF8.GetBytes(purpose, info[written..]);

        var key = new RecordKey();
        HKDF.DeriveKey(HashAlgorithmName.SHA512, dataKey, key.Key.Writable, envelope.Slice(SaltAt, SaltBytes), info[..written]);
        return key;
    }

    /// <param name="salt">32 random bytes, drawn for this call.</param>
    /// <param name="nonce">12 random bytes, drawn for this call.</param>
    internal static byte[] Seal(
        ReadOnlySpan<byte> dataKey, uint keyId, string purpose, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> binding,
        ReadOnlySpan<byte> salt, ReadOnlySpan<byte> nonce)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(secret.Length, MostSecretBytes);
        var paddedBytes = (LengthPrefixBytes + secret.Length + BlockBytes - 1) / BlockBytes * BlockBytes;
        var envelope = new byte[HeaderBytes + paddedBytes + TagBytes];
        Start.CopyTo(envelope);
        BinaryPrimitives.WriteUInt32BigEndian(envelope.AsSpan(KeyIdAt), keyId);
        salt.CopyTo(envelope.AsSpan(SaltAt, SaltBytes));
        nonce.CopyTo(envelope.AsSpan(NonceAt, NonceBytes));

        using var recordKey = DeriveRecordKey(dataKey, envelope, purpose);
        using var lease = recordKey.Key.Use();
        lease.Bytes[RecordKey.EncryptionBytes..].CopyTo(envelope.AsSpan(CommitmentAt));

        var padded = GC.AllocateArray<byte>(paddedBytes, pinned: true);
        BinaryPrimitives.WriteUInt32BigEndian(padded, (uint)secret.Length);
        secret.CopyTo(padded.AsSpan(LengthPrefixBytes));
        using var aes = new AesGcm(lease.Bytes[..RecordKey.EncryptionBytes], TagBytes);
        aes.Encrypt(
            nonce, padded, envelope.AsSpan(HeaderBytes, paddedBytes), envelope.AsSpan(HeaderBytes + paddedBytes),
            [.. envelope.AsSpan(0, HeaderBytes), .. binding]);
        CryptographicOperations.ZeroMemory(padded);
        return envelope;
    }

    private static bool IsWellFormed(ReadOnlySpan<byte> envelope)
    {
        var paddedBytes = envelope.Length - HeaderBytes - TagBytes;
        return paddedBytes is > 0 and < MostSecretBytes + (2 * BlockBytes)
            && paddedBytes % BlockBytes == 0
            && envelope.StartsWith(Start);
    }

    private static bool TryDecrypt(
        ReadOnlySpan<byte> keys, Spares<AesGcm> ciphers, ReadOnlySpan<byte> envelope, ReadOnlySpan<byte> binding, Span<byte> padded)
    {
        // The commitment first: GCM alone lets one ciphertext open under two keys.
        var commitment = envelope.Slice(CommitmentAt, RecordKey.CommitmentBytes);
        if (!CryptographicOperations.FixedTimeEquals(keys[RecordKey.EncryptionBytes..], commitment))
            return false;

        var authenticatedBytes = HeaderBytes + binding.Length;
        var authenticated = authenticatedBytes <= MostStackBytes ? stackalloc byte[authenticatedBytes] : new byte[authenticatedBytes];
        envelope[..HeaderBytes].CopyTo(authenticated);
        binding.CopyTo(authenticated[HeaderBytes..]);
        var aes = ciphers.TryTake() ?? new AesGcm(keys[..RecordKey.EncryptionBytes], TagBytes);
        try
        {
            aes.Decrypt(
                envelope.Slice(NonceAt, NonceBytes), envelope.Slice(HeaderBytes, padded.Length), envelope[(HeaderBytes + padded.Length)..],
                padded, authenticated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
        finally
        {
            ciphers.GiveBack(aes);
        }
    }

    private static bool TryUnpad(ReadOnlySpan<byte> padded, Span<byte> secret, out int secretBytes)
    {
        secretBytes = 0;
        var length = BinaryPrimitives.ReadUInt32BigEndian(padded);
        if (length > padded.Length - LengthPrefixBytes)
            return false;
        var end = LengthPrefixBytes + (int)length;
        if (padded.Length - end >= BlockBytes || padded[end..].ContainsAnyExcept((byte)0))
            return false;

        padded[LengthPrefixBytes..end].CopyTo(secret);
        secretBytes = (int)length;
        return true;
    }
}
