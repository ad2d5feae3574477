using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>
/// What one envelope is opened with: its encryption key and its commitment, both derived from the team's data key and the envelope's salt.
/// It may be kept for up to five minutes, in place of the secret; disposing overwrites it. Safe to use and dispose from any thread.
/// </summary>
public sealed class RecordKey : IDisposable
{
    internal const int EncryptionBytes = 32;
    internal const int CommitmentBytes = 32;

    internal RecordKey()
    {
    }

    /// <summary>Encryption key, then commitment.</summary>
    internal PinnedKey Key { get; } = new(EncryptionBytes + CommitmentBytes);

    /// <summary>Ciphers set up with the encryption key.</summary>
    internal Spares<AesGcm> Ciphers { get; } = new();

    public void Dispose()
    {
        Key.Dispose();
        Ciphers.Dispose();
    }

    public override string ToString() => "***";
}
