using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>A team's key for one purpose, open.</summary>
internal sealed record DataKey(uint KeyId, Guid TeamId, string Purpose, PinnedKey Key);

/// <summary>What comes from the instance key, one key for each use, so that no use can forge for another.</summary>
internal sealed record InstanceKeys(PinnedKey TokenPepper, PinnedKey Fingerprint, PinnedKey AuditChain, PinnedKey BackupManifest)
    : IDisposable
{
    /// <summary>Takes the instance key over: it is overwritten afterwards.</summary>
    public static InstanceKeys From(PinnedKey instanceKey, Guid instanceId)
    {
        using (instanceKey)
        {
            return new InstanceKeys(
                Derive(instanceKey, instanceId, "keypace/instance/v1|token-pepper"u8),
                Derive(instanceKey, instanceId, "keypace/instance/v1|fingerprint"u8),
                Derive(instanceKey, instanceId, "keypace/instance/v1|audit-chain"u8),
                Derive(instanceKey, instanceId, "keypace/instance/v1|backup-manifest"u8));
        }
    }

    public void Dispose()
    {
        TokenPepper.Dispose();
        Fingerprint.Dispose();
        AuditChain.Dispose();
        BackupManifest.Dispose();
    }

    private static PinnedKey Derive(PinnedKey instanceKey, Guid instanceId, ReadOnlySpan<byte> use)
    {
        Span<byte> salt = stackalloc byte[16];
        instanceId.TryWriteBytes(salt, bigEndian: true, out _);
        var key = new PinnedKey(32);
        using var lease = instanceKey.Use();
        HKDF.DeriveKey(HashAlgorithmName.SHA512, lease.Bytes, key.Writable, salt, use);
        return key;
    }
}
