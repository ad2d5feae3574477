namespace Keypace.Domain.Vault;

/// <summary>
/// The IEEE checksum of zip and PNG. It finds typing errors and tells a token from noise; it protects nothing. The runtime has it only in a
/// package, and with another polynomial in BitOperations.
/// </summary>
internal static class Crc32
{
    private static readonly uint[] _table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
            crc = (crc >> 8) ^ _table[(byte)crc ^ one];
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        const uint reversedPolynomial = 0xEDB88320;
        var table = new uint[256];
        for (var index = 0u; index < table.Length; index++)
        {
            var value = index;
            for (var bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? (value >> 1) ^ reversedPolynomial : value >> 1;
            table[index] = value;
        }

        return table;
    }
}
