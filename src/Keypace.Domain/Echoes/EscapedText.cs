using System.Buffers;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Text with escapes, read as what it means: <c>%73</c> (also <c>%2573</c>), <c>\u0073</c>, <c>\x73</c>, <c>\/</c> (behind any number of backslashes), <c>&amp;#115;</c> and
/// <c>&amp;#x73;</c>. Only ASCII is read; a secret has nothing else.
/// </summary>
internal static class EscapedText
{
    private const int LongestEscape = 16;

    private static readonly SearchValues<byte> Beginnings = SearchValues.Create("%\\&"u8);

    /// <summary>Where the first real escape stands; negative when there is none.</summary>
    public static int FirstIn(ReadOnlySpan<byte> text)
    {
        for (var at = 0; text[at..].IndexOfAny(Beginnings) is var next && next >= 0; at++)
        {
            at += next;
            if (Length(text[at..], out _) > 0)
                return at;
        }

        return -1;
    }

    /// <summary>False when no escape, whole or cut off, ends with this byte, and it is no character of its own either.</summary>
    public static bool MayEndIn(byte last) => char.IsAsciiHexDigit((char)last) || last is (byte)'%' or (byte)'\\' or (byte)'&' or (byte)'#' or (byte)'u' or (byte)'x' or (byte)'X' or (byte)';';

    /// <summary>How many bytes at the end may be an escape that is not whole yet.</summary>
    public static int CutAtEnd(ReadOnlySpan<byte> text)
    {
        var tail = text[^Math.Min(text.Length, LongestEscape)..];
        var at = tail.LastIndexOfAny(Beginnings);
        if (at < 0)
            return 0;
        while (at > 0 && tail[at] == '\\' && tail[at - 1] == '\\')
            at--;
        var rest = tail[at..];
        if (rest[0] == '%')
        {
            var digits = rest[1..];
            while (digits.StartsWith("25"u8))
                digits = digits[2..];
            return digits.Length < 2 && IsHex(digits) ? rest.Length : 0;
        }

        if (Length(rest, out _) > 0)
            return 0;
        var body = rest.TrimStart((byte)'\\');
        var isOpen = rest[0] switch
        {
            (byte)'\\' => body.IsEmpty || (body[0] is (byte)'u' && body.Length < 5 && IsHex(body[1..])) || (body[0] is (byte)'x' && body.Length < 3 && IsHex(body[1..])),
            _ => rest.Length == 1 || (rest[1] == '#' && rest.Length < 8 && (rest.Length == 2 || rest[2] is (byte)'x' or (byte)'X' ? IsHex(rest[Math.Min(rest.Length, 3)..]) : IsHex(rest[2..]))),
        };
        return isOpen ? rest.Length : 0;
    }

    /// <param name="plain">As long as the text.</param>
    /// <param name="origins">For each byte of it where it stands in the text, and the text's length behind the last; one longer than the text.</param>
    /// <returns>How many bytes it is.</returns>
    public static int Read(ReadOnlySpan<byte> text, Span<byte> plain, Span<int> origins)
    {
        var count = 0;
        for (var at = 0; at < text.Length;)
        {
            var length = Length(text[at..], out var meant);
            if (length > 0)
            {
                (plain[count], origins[count++]) = (meant, at);
                at += length;
                continue;
            }

            var run = text[(at + 1)..].IndexOfAny(Beginnings);
            run = run < 0 ? text.Length - at : run + 1;
            text.Slice(at, run).CopyTo(plain[count..]);
            foreach (ref var origin in origins.Slice(count, run))
                origin = at++;
            count += run;
        }

        origins[count] = text.Length;
        return count;
    }

    /// <summary>Length of the escape that the text begins with, and the ASCII character that it means; 0 when it begins with none.</summary>
    private static int Length(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        return text[0] switch
        {
            (byte)'%' => OfPercent(text, out meant),
            (byte)'\\' => OfBackslash(text, out meant),
            (byte)'&' => OfEntity(text, out meant),
            _ => 0,
        };
    }

    private static int OfPercent(ReadOnlySpan<byte> text, out byte meant)
    {
        var at = 1;
        while (text.Length >= at + 4 && text[at] == '2' && text[at + 1] == '5')   // a percent sign that is escaped itself
            at += 2;
        return TryHex(text, at, 2, out meant) ? at + 2 : 0;
    }

    private static int OfBackslash(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        var at = 1;
        while (at < text.Length && text[at] == '\\')
            at++;
        if (at == text.Length)
            return 0;
        switch (text[at])
        {
            case (byte)'u':
                return text[(at + 1)..].StartsWith("00"u8) && TryHex(text, at + 1, 4, out meant) ? at + 5 : 0;
            case (byte)'x':
                return TryHex(text, at + 1, 2, out meant) ? at + 3 : 0;
            case (byte)'/':
                meant = (byte)'/';
                return at + 1;
            default:
                return 0;
        }
    }

    private static int OfEntity(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        if (text.Length < 4 || text[1] != '#')
            return 0;
        var isHex = text[2] is (byte)'x' or (byte)'X' or (byte)';';
        var value = 0;
        for (var at = isHex ? 3 : 2; at < text.Length && at < 9; at++)
        {
            var one = (char)text[at];
            if (one == ';')
            {
                meant = (byte)value;
                return value is > 0 and < 128 ? at + 1 : 0;
            }

            if (isHex ? !char.IsAsciiHexDigit(one) : !char.IsAsciiDigit(one))
                return 0;
            value = (value * (isHex ? 16 : 10)) + HexValue(one);
        }

        return 0;
    }

    private static bool TryHex(ReadOnlySpan<byte> text, int at, int digits, out byte meant)
    {
        meant = 0;
        if (text.Length < at + digits || !IsHex(text.Slice(at, digits)))
            return false;
        var value = 0;
        foreach (var one in text.Slice(at, digits))
            value = (value * 16) + HexValue((char)one);
        meant = (byte)value;
        return value < 128;
    }

    private static bool IsHex(ReadOnlySpan<byte> text)
    {
        foreach (var one in text)
        {
            if (!char.IsAsciiHexDigit((char)one))
                return false;
        }

        return true;
    }

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
