using System.Globalization;
using System.Text;

namespace Keypace.Cli.Output;

/// <summary>
/// Text of others, such as a name, a hub's words or a server's error, before it is shown: it cannot move the cursor, ring the bell, turn the
/// direction of writing or hide. Line breaks and tabs stay, and so do the joiners that Persian and emoji are written with.
/// </summary>
internal static class PlainText
{
    private const char ZeroWidthNonJoiner = '\u200C';
    private const char ZeroWidthJoiner = '\u200D';

    /// <summary>The text with U+FFFD in place of what is not harmless.</summary>
    public static string Of(string text) => Map(text, static (text, _) => text.Append('\uFFFD'));

    /// <summary>JSON with \u in place of what is not harmless; it stands in its texts only, so that it says the same.</summary>
    public static string OfJson(string json) => Map(json, static (text, harmful) =>
    {
        foreach (var unit in harmful)
            text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
    });

    private static string Map(string text, Action<StringBuilder, ReadOnlySpan<char>> replace)
    {
        StringBuilder? plain = null;
        for (var at = 0; at < text.Length;)
        {
            var isWhole = Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out var length) is System.Buffers.OperationStatus.Done;
            if (!isWhole || !(IsHarmless(rune) || text.AsSpan(at).StartsWith("\r\n")))
                replace(plain ??= new StringBuilder(text, 0, at, text.Length + 16), text.AsSpan(at, length));
            else
                plain?.Append(text, at, length);
            at += length;
        }

        return plain?.ToString() ?? text;
    }

    private static bool IsHarmless(Rune rune) => rune.Value switch
    {
        '\n' or '\t' or ZeroWidthJoiner or ZeroWidthNonJoiner => true,
        (>= 0x0600 and <= 0x0605) or 0x06DD or 0x08E2 => true,   // Arabic signs that are seen, though Unicode counts them among the unseen
        _ => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator),
    };
}
