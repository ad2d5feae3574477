using System.Text;
using System.Text.Unicode;

namespace Keypace.Domain.Protocols;

/// <summary>
/// JSON whose texts can all be decoded. Models cut characters in half, between two pieces of a stream too, and some programs cut bytes: half of a surrogate
/// pair (<c>\ud83d</c> alone) or a byte that is no UTF-8 becomes U+FFFD, and the rest of the text stays what it is.
/// </summary>
public static class WellFormedJson
{
    /// <summary>The same memory where nothing is wrong with it, which costs one look.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        var isUtf8 = Utf8.IsValid(json.Span);
        if (isUtf8 && HalfIn(json.Span, 0) < 0)
            return json;
        var text = isUtf8 ? json.ToArray() : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span));   // the decoder puts U+FFFD in
        for (var at = HalfIn(text, 0); at >= 0; at = HalfIn(text, at + 6))
            "\\ufffd"u8.CopyTo(text.AsSpan(at));
        return text;
    }

    /// <summary>Where the next escape stands that is half of a pair; -1 for none.</summary>
    /// <param name="from">Not in the middle of an escape.</param>
    private static int HalfIn(ReadOnlySpan<byte> text, int from)
    {
        if (from > text.Length || (text[from..].IndexOf("\\ud"u8) < 0 && text[from..].IndexOf("\\uD"u8) < 0))
            return -1;
        for (var at = from; at < text.Length;)
        {
            var next = text[at..].IndexOf((byte)'\\');
            if (next < 0)
                return -1;
            at += next;
            var unit = UnitAt(text, at);
            if (unit is < 0xD800 or > 0xDFFF)
                at += 2;   // a backslash that is escaped, or any other escape
            else if (unit < 0xDC00 && UnitAt(text, at + 6) is >= 0xDC00 and <= 0xDFFF)
                at += 12;
            else
                return at;
        }

        return -1;
    }

    /// <summary>The UTF-16 code unit of the escape at this place; -1 where there is none.</summary>
    private static int UnitAt(ReadOnlySpan<byte> text, int at)
    {
        if (at + 6 > text.Length || text[at] != (byte)'\\' || text[at + 1] != (byte)'u')
            return -1;
        var unit = 0;
        foreach (var digit in text.Slice(at + 2, 4))
        {
            if (!char.IsAsciiHexDigit((char)digit))
                return -1;
            unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }

        return unit;
    }
}
