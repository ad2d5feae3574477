using System.Diagnostics;
using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>
/// The key outside the store that wraps the keys inside it. Whoever has the data folder and this can open every secret; whoever has only
/// one of them can open none. It never touches a secret itself.
/// </summary>
[DebuggerDisplay("key-encryption key {Id}")]
public sealed class KeyEncryptionKey : IDisposable
{
    public const int KeyBytes = 32;

    /// <summary>Letters and digits in an id.</summary>
    public const int IdCharacters = 12;

    /// <param name="id">Twelve letters and digits; a name, not a secret.</param>
    /// <param name="key">32 bytes, copied.</param>
    internal KeyEncryptionKey(string id, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        Id = id;
        Key = new PinnedKey(key);
    }

    /// <summary>Which key this is; stands beside everything that it wrapped.</summary>
    public string Id { get; }

    [DebuggerBrowsable(DebuggerBrowsableState.Never)]
    internal PinnedKey Key { get; }

    public static KeyEncryptionKey Create(RandomBytes random)
    {
        Span<byte> id = stackalloc byte[IdCharacters];
        Base62.FillRandom(id, random);
        Span<byte> key = stackalloc byte[KeyBytes];
        random(key);
        try
        {
            return new KeyEncryptionKey(System.Text.Encoding.ASCII.GetString(id), key);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public override string ToString() => $"key-encryption key {Id}";

    public void Dispose() => Key.Dispose();
}
