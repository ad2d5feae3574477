using System.Buffers;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Text with escapes, read as what it means: <c>%73</c> (also <c>%2573</c>), <c>\u0073</c>, <c>\x73</c>, <c>\/</c>, <c>\"</c> and <c>\\</c> (behind any number of backslashes),
/// <c>&amp;#115;</c>, <c>&amp;#x73;</c> and <c>&amp;quot;</c>. Only ASCII is read, and of that only what a form of the secret holds or another escape begins with:
/// most answers are full of <c>\n</c> and <c>\"</c>, and few secrets have a quote in them.
/// </summary>
/// <param name="sought">The characters that matter; letters and digits, and base64's, do in any case.</param>
internal readonly struct EscapeReader(ReadOnlySpan<byte> sought)
{
    private const int LongestEscape = 16;

    private static readonly SearchValues<byte> Beginnings = SearchValues.Create("%\\&"u8);

    private readonly ulong _soughtLow = Of(sought, 0) | Of("%\\&#;+/-_"u8, 0);
    private readonly ulong _soughtHigh = Of(sought, 64) | Of("%\\&#;+/-_"u8, 64);
    private readonly bool _hasBackslash = sought.Contains((byte)'\\');

    private static ReadOnlySpan<byte> HexDigits =>
    [
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99, 99, 99, 99, 99, 99,
        99, 10, 11, 12, 13, 14, 15, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 10, 11, 12, 13, 14, 15, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    /// <summary>Where the first escape stands; negative when there is none.</summary>
    public int FirstIn(ReadOnlySpan<byte> text)
    {
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is (byte)'\\' or (byte)'%' or (byte)'&')
            {
                if (Length(text[at..], out _) > 0)
                    return at;
                at += Skipped(text[at..]);
                continue;
            }

            var next = text[at..].IndexOfAny(Beginnings);
            if (next < 0)
                return -1;
            at += next;
        }

        return -1;
    }

    /// <summary>True for what an escape, whole or not, may end with and a word does not.</summary>
    public static bool MayEndWith(byte one) => one is (byte)'%' or (byte)'\\' or (byte)'&' or (byte)'#' or (byte)';';

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

        var body = rest.TrimStart((byte)'\\');
        var isOpen = rest[0] == '\\'
            ? body.IsEmpty || (body[0] is (byte)'u' && body.Length < 5 && IsHex(body[1..])) || (body[0] is (byte)'x' && body.Length < 3 && IsHex(body[1..]))
            : rest.Length < 9 && !rest.Contains((byte)';') && (rest.Length == 1 || (rest[1] == '#' ? IsNumber(rest[2..]) : !rest[1..].ContainsAnyExceptInRange((byte)'a', (byte)'z')));
        return isOpen ? rest.Length : 0;
    }

    /// <param name="plain">As long as the text.</param>
    /// <returns>How many bytes it is.</returns>
    public int Read(ReadOnlySpan<byte> text, Span<byte> plain)
    {
        var count = 0;
        for (var at = 0; at < text.Length;)
        {
            if (text[at] is (byte)'\\' or (byte)'%' or (byte)'&' && Length(text[at..], out var meant) is var length and > 0)
            {
                plain[count++] = meant;
                at += length;
                continue;
            }

            var run = RunLength(text[at..]);
            text.Slice(at, run).CopyTo(plain[count..]);
            (at, count) = (at + run, count + run);
        }

        return count;
    }

    /// <summary>For each byte of what <see cref="Read"/> gives where it stands in the text, and the text's length behind the last.</summary>
    public void Origins(ReadOnlySpan<byte> text, Span<int> origins)
    {
        var count = 0;
        for (var at = 0; at < text.Length;)
        {
            if (Length(text[at..], out _) is var length and > 0)
            {
                origins[count++] = at;
                at += length;
                continue;
            }

            foreach (ref var origin in origins.Slice(count, RunLength(text[at..])))
                (origin, at, count) = (at, at + 1, count + 1);
        }

        origins[count] = text.Length;
    }

    /// <summary>Length of the text up to where the next escape may begin. It begins with none itself.</summary>
    private static int RunLength(ReadOnlySpan<byte> text)
    {
        var skipped = Skipped(text);
        var next = text[skipped..].IndexOfAny(Beginnings);
        return next < 0 ? text.Length : skipped + next;
    }

    /// <summary>Backslashes that begin no escape go as one, for the second of them begins none either; and a character that is not sought goes whole.</summary>
    private static int Skipped(ReadOnlySpan<byte> text)
    {
        var count = 1;
        if (text[0] != '\\')
            return count;
        while (count < text.Length && text[count] == '\\')
            count++;
        return text.Length >= count + 5 && text[count] == 'u' && IsHex(text.Slice(count + 1, 4)) ? count + 5 : count;
    }

    /// <summary>Length of the escape that the text begins with, and the ASCII character that it means; 0 when it begins with none.</summary>
    private int Length(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        var length = text[0] switch
        {
            (byte)'%' => OfPercent(text, out meant),
            (byte)'\\' => OfBackslash(text, out meant),
            (byte)'&' => OfEntity(text, out meant),
            _ => 0,
        };
        return length > 0 && (((meant < 64 ? _soughtLow : _soughtHigh) >> meant) & 1) != 0 ? length : 0;
    }

    private static int OfPercent(ReadOnlySpan<byte> text, out byte meant)
    {
        var at = 1;
        while (text.Length >= at + 2 && text[at] == '2' && text[at + 1] == '5')   // a percent sign that is escaped itself
            at += 2;
        if (TryHex(text, at, out meant))
            return at + 2;
        meant = (byte)'%';
        return at > 1 ? at : 0;
    }

    private int OfBackslash(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        var at = 1;
        while (at < text.Length && text[at] == '\\')
            at++;
        var next = at < text.Length ? text[at] : default;
        switch (next)
        {
            case (byte)'u' when text.Length >= at + 5 && text[at + 1] == '0' && text[at + 2] == '0' && TryHex(text, at + 3, out meant):
                return at + 5;
            case (byte)'x' when TryHex(text, at + 1, out meant):
                return at + 3;
            case (byte)'/' or (byte)'"' or (byte)'\'':
                meant = next;
                return at + 1;
            default:
                meant = (byte)'\\';
                return at > 1 && _hasBackslash ? at : 0;
        }
    }

    private static int OfEntity(ReadOnlySpan<byte> text, out byte meant)
    {
        meant = 0;
        var body = text[1..Math.Min(text.Length, 10)];
        var end = body.IndexOf((byte)';');
        if (end < 2)
            return 0;
        body = body[..end];
        if (body[0] == '#')
        {
            var isHex = body[1] is (byte)'x' or (byte)'X';
            var value = 0;
            foreach (var one in body[(isHex ? 2 : 1)..])
            {
                if (!(isHex ? char.IsAsciiHexDigit((char)one) : char.IsAsciiDigit((char)one)))
                    return 0;
                value = (value * (isHex ? 16 : 10)) + HexValue(one);
            }

            meant = (byte)value;
            return value is > 0 and < 128 ? end + 2 : 0;
        }

        meant = body.SequenceEqual("amp"u8) ? (byte)'&'
            : body.SequenceEqual("quot"u8) ? (byte)'"'
            : body.SequenceEqual("lt"u8) ? (byte)'<'
            : body.SequenceEqual("gt"u8) ? (byte)'>'
            : body.SequenceEqual("apos"u8) ? (byte)'\'' : default;
        return meant > 0 ? end + 2 : 0;
    }

    private static bool TryHex(ReadOnlySpan<byte> text, int at, out byte meant)
    {
        meant = 0;
        if (text.Length < at + 2)
            return false;
        var (high, low) = (HexValue(text[at]), HexValue(text[at + 1]));
        meant = (byte)((16 * high) + low);
        return high < 8 && low < 16;
    }

    private static bool IsNumber(ReadOnlySpan<byte> text) => text.IsEmpty || IsHex(text[0] is (byte)'x' or (byte)'X' ? text[1..] : text);

    private static bool IsHex(ReadOnlySpan<byte> text)
    {
        foreach (var one in text)
        {
            if (HexValue(one) > 15)
                return false;
        }

        return true;
    }

    private static int HexValue(byte digit) => digit < 128 ? HexDigits[digit] : 99;

    /// <summary>Bits for 64 characters from this one on.</summary>
    private static ulong Of(ReadOnlySpan<byte> characters, int from)
    {
        // Digits; letters, small and capital.
        var bits = from == 0 ? 0x03FF_0000_0000_0000UL : 0x07FF_FFFE_07FF_FFFEUL;
        foreach (var one in characters)
        {
            if (one - from is >= 0 and < 64 and var bit)
                bits |= 1UL << bit;
        }

        return bits;
    }
}
