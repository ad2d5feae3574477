using System.Buffers.Binary;

namespace Keypace.Domain.Vault;

/// <summary>
/// A token's keyed digest (<see cref="SecretVault.TokenDigest(ReadOnlySpan{char})"/>), to find it by. Nobody without the instance's key can choose one, so how long a look-up
/// takes tells neither how much of a token was right nor whether its id is somebody's: every wrong token is found as little as every other.
/// </summary>
public readonly record struct LookupDigest
{
    /// <summary>Bytes of a digest.</summary>
    public const int Bytes = 32;

    private readonly UInt128 _first;
    private readonly UInt128 _second;

    private LookupDigest(UInt128 first, UInt128 second) => (_first, _second) = (first, second);

    /// <param name="digest"><see cref="Bytes"/> bytes.</param>
    public static LookupDigest Of(ReadOnlySpan<byte> digest) =>
        new(BinaryPrimitives.ReadUInt128LittleEndian(digest), BinaryPrimitives.ReadUInt128LittleEndian(digest[16..Bytes]));

    /// <summary>A digest is as even as a hash can be.</summary>
    public override int GetHashCode() => (int)(uint)_first;
}
