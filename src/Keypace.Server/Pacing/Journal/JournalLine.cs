using System.Globalization;
using System.Numerics;
using System.Text;

namespace Keypace.Server.Pacing.Journal;

/// <summary>One line of the journal: eight hex digits of CRC-32C over the rest, a blank, words, a line feed. ASCII.</summary>
internal static class JournalLine
{
    private const int CrcDigits = 8;

    public static byte[] Of(FormattableString words)
    {
        var text = words.ToString(CultureInfo.InvariantCulture);
        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Crc(Encoding.ASCII.GetBytes(text)):x8} {text}\n"));
    }

    /// <summary>The words of a line without its line feed; null when it is not whole.</summary>
    public static string[]? Words(ReadOnlySpan<byte> line)
    {
        if (line.Length < CrcDigits + 2 || line[CrcDigits] != ' '
            || !uint.TryParse(line[..CrcDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var crc)
            || crc != Crc(line[(CrcDigits + 1)..]))
        {
            return null;
        }

        return Encoding.ASCII.GetString(line[(CrcDigits + 1)..]).Split(' ');
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
            crc = BitOperations.Crc32C(crc, one);

        return ~crc;
    }
}
