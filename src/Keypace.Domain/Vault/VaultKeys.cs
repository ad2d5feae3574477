using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>Makes the keys of a store, and opens them at start.</summary>
public static class VaultKeys
{
    private const uint InstanceKeyId = 1;
    private const uint FirstTeamKeyId = 2;

    /// <summary>The keys of a new store with one team: its instance key and the team's data key, ready to be saved.</summary>
    public static IReadOnlyList<WrappedKey> Create(KeyEncryptionKey kek, Guid instanceId, Guid teamId, RandomBytes random) =>
    [
        Create(kek, instanceId, null, VaultPurposes.Instance, InstanceKeyId, random),
        CreateTeamKey(kek, instanceId, teamId, FirstTeamKeyId, random),
    ];

    /// <summary>A data key for one more team, or a newer one for a team that has one.</summary>
    /// <param name="keyId">Higher than every id in the store.</param>
    public static WrappedKey CreateTeamKey(KeyEncryptionKey kek, Guid instanceId, Guid teamId, uint keyId, RandomBytes random) =>
        Create(kek, instanceId, teamId, VaultPurposes.ApiKeySecret, keyId, random);

    /// <summary>
    /// Opens every key of the store. Refuses with <c>kek_wrong</c> where the key-encryption key is another store's, with
    /// <c>data_key_damaged</c> where a key is broken or missing. Nothing stays open after a refusal.
    /// </summary>
    /// <param name="random">Draws salts and nonces; the operating system's generator unless a test says otherwise.</param>
    public static Outcome<SecretVault> Unlock(
        KeyEncryptionKey kek, Guid instanceId, IReadOnlyCollection<WrappedKey> keys, RandomBytes? random = null)
    {
        PinnedKey? instanceKey = null;
        var dataKeys = new Dictionary<uint, DataKey>();
        Refusal? refusal = null;
        foreach (var wrapped in keys.OrderBy(key => key.KeyId))
        {
            if (!wrapped.Unwrap(kek, instanceId).TryGet(out var key, out refusal))
                break;
            if (wrapped.TeamId is { } teamId)
                dataKeys.Add(wrapped.KeyId, new DataKey(wrapped.KeyId, teamId, wrapped.Purpose, key));
            else
                instanceKey = key;
        }

        if (refusal is null && instanceKey is null)
        {
            refusal = new Refusal(
                RefusalReason.Unavailable, "data_key_damaged", "The store has no instance key. Restore the data folder from a backup.");
        }

        if (refusal is null)
            return new SecretVault(instanceId, InstanceKeys.From(instanceKey!, instanceId), dataKeys, random ?? SecureRandom.Fill);

        instanceKey?.Dispose();
        foreach (var dataKey in dataKeys.Values)
            dataKey.Key.Dispose();
        return refusal;
    }

    private static WrappedKey Create(KeyEncryptionKey kek, Guid instanceId, Guid? teamId, string purpose, uint keyId, RandomBytes random)
    {
        using var key = new PinnedKey(WrappedKey.KeyBytes);
        random(key.Writable);
        Span<byte> salt = stackalloc byte[WrappedKey.SaltBytes];
        random(salt);
        Span<byte> nonce = stackalloc byte[WrappedKey.NonceBytes];
        random(nonce);
        return WrappedKey.Wrap(kek, instanceId, teamId, purpose, keyId, key.Writable, salt, nonce);
    }
}
