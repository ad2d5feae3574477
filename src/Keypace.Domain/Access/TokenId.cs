using System.Buffers.Binary;
using System.Text;
using Keypace.Domain.Vault;

namespace Keypace.Domain.Access;

/// <summary>
/// The twelve letters and digits that a token is found by: public, shown in lists and logs. Packed, so that parsing allocates nothing.
/// </summary>
public readonly record struct TokenId
{
    public const int Characters = 12;

    private readonly ulong _first8;
    private readonly uint _last4;

    /// <param name="ascii">Twelve base62 digits, already checked.</param>
    internal TokenId(ReadOnlySpan<byte> ascii)
    {
        _first8 = BinaryPrimitives.ReadUInt64BigEndian(ascii);
        _last4 = BinaryPrimitives.ReadUInt32BigEndian(ascii[sizeof(ulong)..]);
    }

    public static bool TryParse(ReadOnlySpan<char> text, out TokenId id)
    {
        Span<byte> ascii = stackalloc byte[Characters];
        id = default;
        return text.Length == Characters && Encoding.ASCII.GetBytes(text, ascii) == Characters && TryParse(ascii, out id);
    }

    public static bool TryParse(ReadOnlySpan<byte> ascii, out TokenId id)
    {
        id = default;
        if (ascii.Length != Characters)
            return false;
        foreach (var one in ascii)
        {
            if (!Base62.IsDigit(one))
                return false;
        }

        id = new TokenId(ascii);
        return true;
    }

    public override string ToString()
    {
        Span<byte> ascii = stackalloc byte[Characters];
        BinaryPrimitives.WriteUInt64BigEndian(ascii, _first8);
        BinaryPrimitives.WriteUInt32BigEndian(ascii[sizeof(ulong)..], _last4);
        return Encoding.ASCII.GetString(ascii);
    }
}
