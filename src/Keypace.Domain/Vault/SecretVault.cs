using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Keypace.Domain.Vault;

/// <summary>
/// The open vault: the store's keys in pinned memory. Seals and opens secrets, and makes the keyed digests that tell tokens and equal
/// secrets apart without keeping them. Any thread may use it; disposing overwrites the keys.
/// </summary>
public sealed class SecretVault : IDisposable
{
    /// <summary>Bytes of <see cref="TokenDigest(ReadOnlySpan{char})"/>.</summary>
    public const int DigestBytes = 32;

    /// <summary>Bytes of <see cref="Fingerprint"/>.</summary>
    public const int FingerprintBytes = 16;

    private const int MostTokenStackBytes = 256;

    private readonly InstanceKeys _instanceKeys;
    private readonly Dictionary<uint, DataKey> _dataKeys;
    private readonly RandomBytes _random;
    private readonly Spares<IncrementalHash> _tokenMacs = new();

    internal SecretVault(Guid instanceId, InstanceKeys instanceKeys, Dictionary<uint, DataKey> dataKeys, RandomBytes random)
    {
        InstanceId = instanceId;
        _instanceKeys = instanceKeys;
        _dataKeys = dataKeys;
        _random = random;
    }

    /// <summary>The installation; belongs in every <see cref="SecretBinding"/>.</summary>
    public Guid InstanceId { get; }

    /// <summary>Seals a secret of at most <see cref="Envelope.MostSecretBytes"/> for one place.</summary>
    /// <exception cref="ArgumentException">The binding names another installation, or a team without a data key: a bug of the
    /// caller.</exception>
    public byte[] Seal(Secret secret, SecretBinding binding)
    {
        if (binding.InstanceId != InstanceId)
            throw new ArgumentException("The binding names another installation.", nameof(binding));
        var dataKey = _dataKeys.Values.Where(key => key.TeamId == binding.TeamId && key.Purpose == binding.Purpose).MaxBy(key => key.KeyId)
            ?? throw new ArgumentException("The team has no data key for this purpose.", nameof(binding));

        Span<byte> salt = stackalloc byte[Envelope.SaltBytes];
        _random(salt);
        Span<byte> nonce = stackalloc byte[Envelope.NonceBytes];
        _random(nonce);
        using var lease = dataKey.Key.Use();
        return Envelope.Seal(lease.Bytes, dataKey.KeyId, dataKey.Purpose, secret.Bytes, binding.ToBytes(), salt, nonce);
    }

    /// <summary>Opens an envelope in its place. Refuses with <c>secret_not_openable</c>, whatever the cause.</summary>
    public Outcome<Secret> Open(ReadOnlySpan<byte> envelope, SecretBinding binding)
    {
        if (!TryDeriveRecordKey(envelope, binding.TeamId, binding.Purpose, out var recordKey))
            return NotOpenable;
        var buffer = GC.AllocateUninitializedArray<byte>(Envelope.SecretBound(envelope.Length), pinned: true);
        try
        {
            using (recordKey)
            {
                return Envelope.TryOpen(recordKey, envelope, binding.ToBytes(), buffer, out var bytes)
                    ? Secret.FromBytes(buffer.AsSpan(0, bytes))
                    : NotOpenable;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    /// <summary>
    /// The costly half of opening, for callers that open the same envelope again and again with <see cref="Envelope.TryOpen"/>. False where
    /// no data key of this team and purpose sealed it. The caller keeps the record key for at most five minutes and disposes it.
    /// </summary>
    public bool TryDeriveRecordKey(ReadOnlySpan<byte> envelope, Guid teamId, string purpose, [NotNullWhen(true)] out RecordKey? recordKey)
    {
        recordKey = null;
        if (!Envelope.TryReadKeyId(envelope, out var keyId)
            || !_dataKeys.TryGetValue(keyId, out var dataKey)
            || dataKey.TeamId != teamId
            || dataKey.Purpose != purpose)
        {
            return false;
        }

        using var lease = dataKey.Key.Use();
        recordKey = Envelope.DeriveRecordKey(lease.Bytes, envelope, purpose);
        return true;
    }

    /// <summary>Equal for equal secrets of one team, and says nothing to anyone without the instance key. 16 bytes.</summary>
    public byte[] Fingerprint(Guid teamId, Secret secret)
    {
        var fields = new FieldWriter().Text("keypace/fingerprint/v1").Id(teamId).Length(secret.ByteCount).ToArray();
        return Mac(_instanceKeys.Fingerprint, fields, secret.Bytes)[..FingerprintBytes];
    }

    /// <summary>One id for all keys of a team with the same secret and destination, for a hub counts those as one.</summary>
    /// <param name="destination">Canonical, as in the binding.</param>
    public Guid RateGroupId(Guid teamId, Secret secret, string destination)
    {
        var fields = new FieldWriter().Text("keypace/rate-group/v1").Id(teamId).Text(destination).Length(secret.ByteCount).ToArray();
        var mac = Mac(_instanceKeys.Fingerprint, fields, secret.Bytes).AsSpan(0, 16);
        // Marked as a version 8 UUID, "of the maker's own kind", so that no reader takes it for a random or time-ordered one.
        mac[6] = (byte)((mac[6] & 0x0F) | 0x80);
        mac[8] = (byte)((mac[8] & 0x3F) | 0x80);
        return new Guid(mac, bigEndian: true);
    }

    /// <summary>What the store keeps of a token: without the instance key a stolen store cannot even confirm a guess. 32 bytes.</summary>
    public byte[] TokenDigest(ReadOnlySpan<char> token)
    {
        var digest = new byte[DigestBytes];
        DigestOf(token, digest);
        return digest;
    }

    /// <summary>The same for a token that is at hand as UTF-8, without allocating.</summary>
    /// <param name="digest">At least <see cref="DigestBytes"/> bytes.</param>
    public void TokenDigest(ReadOnlySpan<byte> tokenUtf8, Span<byte> digest)
    {
        var mac = _tokenMacs.TryTake() ?? NewTokenMac();
        mac.AppendData(tokenUtf8);
        mac.GetHashAndReset(digest);
        _tokenMacs.GiveBack(mac);
    }

    /// <summary>The same, to find the token by. Allocates nothing.</summary>
    public LookupDigest LookupDigestOf(ReadOnlySpan<char> token)
    {
        Span<byte> digest = stackalloc byte[DigestBytes];
        DigestOf(token, digest);
        return LookupDigest.Of(digest);
    }

    /// <summary>Compares in constant time.</summary>
    /// <param name="storedDigest">Pass an empty span for an id that nothing has: the answer is false after the same work.</param>
    public bool TokenMatches(ReadOnlySpan<char> token, ReadOnlySpan<byte> storedDigest)
    {
        Span<byte> digest = stackalloc byte[DigestBytes];
        DigestOf(token, digest);
        Span<byte> nobodys = stackalloc byte[DigestBytes];
        nobodys.Clear();
        var known = storedDigest.Length == DigestBytes;
        return CryptographicOperations.FixedTimeEquals(digest, known ? storedDigest : nobodys) && known;
    }

    /// <summary>One link of the audit chain: covers the link before it and the record's canonical bytes. 32 bytes.</summary>
    public byte[] AuditMac(ReadOnlySpan<byte> previousMac, ReadOnlySpan<byte> record) =>
        Mac(_instanceKeys.AuditChain, new FieldWriter().Bytes(previousMac).Length(record.Length).ToArray(), record);

    /// <summary>Seals a backup's manifest against change. 32 bytes.</summary>
    public byte[] BackupManifestMac(ReadOnlySpan<byte> manifest) => Mac(_instanceKeys.BackupManifest, [], manifest);

    public void Dispose()
    {
        _instanceKeys.Dispose();
        _tokenMacs.Dispose();
        foreach (var dataKey in _dataKeys.Values)
            dataKey.Key.Dispose();
    }

    private static Refusal NotOpenable => new(
        RefusalReason.Conflict,
        "secret_not_openable",
        "The stored secret does not open: its record is damaged, or belongs to another key or destination. Enter the secret again.");

    private void DigestOf(ReadOnlySpan<char> token, Span<byte> digest)
    {
        var most = Encoding.UTF8.GetMaxByteCount(token.Length);
        var utf8 = most <= MostTokenStackBytes ? stackalloc byte[MostTokenStackBytes] : new byte[most];
        var written = Encoding.UTF8.GetBytes(token, utf8);
        TokenDigest(utf8[..written], digest);
        CryptographicOperations.ZeroMemory(utf8);
    }

    private IncrementalHash NewTokenMac()
    {
        using var lease = _instanceKeys.TokenPepper.Use();
        return IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, lease.Bytes);
    }

    private static byte[] Mac(PinnedKey key, ReadOnlySpan<byte> fields, ReadOnlySpan<byte> last)
    {
        using var lease = key.Use();
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, lease.Bytes);
        mac.AppendData(fields);
        mac.AppendData(last);
        return mac.GetHashAndReset();
    }
}
