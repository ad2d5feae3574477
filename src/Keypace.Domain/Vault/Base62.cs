using System.Buffers.Binary;

namespace Keypace.Domain.Vault;

/// <summary>Digits, capitals, small letters: text that a double click selects whole and that needs no escaping anywhere.</summary>
internal static class Base62
{
    private const int Radix = 62;

    private static ReadOnlySpan<byte> Digits => "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8;

    public static bool IsDigit(byte one) => char.IsAsciiLetterOrDigit((char)one);

    /// <summary>A big-endian number in exactly as many digits as there is room for, zeros in front. 43 digits hold 32 bytes.</summary>
    /// <param name="number">A multiple of four bytes.</param>
    public static void Encode(ReadOnlySpan<byte> number, Span<byte> digits)
    {
        Span<uint> limbs = stackalloc uint[number.Length / sizeof(uint)];
        for (var index = 0; index < limbs.Length; index++)
            limbs[index] = BinaryPrimitives.ReadUInt32BigEndian(number[(index * sizeof(uint))..]);

        for (var position = digits.Length - 1; position >= 0; position--)
        {
            ulong remainder = 0;
            foreach (ref var limb in limbs)
            {
                var value = (remainder << 32) | limb;
                limb = (uint)(value / Radix);
                remainder = value % Radix;
            }

            digits[position] = Digits[(int)remainder];
        }

        limbs.Clear();
    }

    /// <summary>Each digit equally likely: bytes of 248 and more are drawn again, for they would favour the first eight digits.</summary>
    public static void FillRandom(Span<byte> digits, RandomBytes random)
    {
        const int fair = 256 / Radix * Radix;
        Span<byte> drawn = stackalloc byte[16];
        var filled = 0;
        while (filled < digits.Length)
        {
            random(drawn);
            foreach (var one in drawn)
            {
                if (one < fair && filled < digits.Length)
                    digits[filled++] = Digits[one % Radix];
            }
        }
    }
}
