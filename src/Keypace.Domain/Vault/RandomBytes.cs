using System.Security.Cryptography;

namespace Keypace.Domain.Vault;

/// <summary>Fills the whole span with bytes that nobody can foresee. Tests pass a seeded one.</summary>
public delegate void RandomBytes(Span<byte> destination);

/// <summary>The operating system's generator: the only source of salts, nonces, keys and tokens in production.</summary>
public static class SecureRandom
{
    public static void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
}
