using System.Collections.Frozen;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Whether a text can be looked into as it lies: in these charsets every ASCII character is its own byte, and a secret is found where it stands. In others
/// (UTF-16, UTF-7, ISO-2022, EBCDIC) it would pass unseen, for the SDKs and browsers behind us decode what <c>Content-Type</c> says.
/// </summary>
internal static class AnswerCharset
{
    // Names as the Encoding Standard (https://encoding.spec.whatwg.org/#names-and-labels) and IANA have them.
    private static readonly FrozenSet<string> Seen = new[]
    {
        "utf-8", "utf8", "us-ascii", "ascii", "latin1", "latin-1", "l1", "windows-874", "tis-620", "koi8-r", "koi8-u", "macintosh",
        "gbk", "gb2312", "gb18030", "big5", "big5-hkscs", "euc-jp", "euc-kr", "shift_jis", "shift-jis", "sjis", "windows-31j", "ks_c_5601-1987",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> SeenBySpan = Seen.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="contentType">As it came; several lines of it joined.</param>
    public static bool IsSeenThrough(ReadOnlySpan<char> contentType)
    {
        for (var rest = contentType; ;)
        {
            var at = rest.IndexOf("charset", StringComparison.OrdinalIgnoreCase);
            if (at < 0)
                return true;
            rest = rest[(at + "charset".Length)..];
            var value = rest.TrimStart();
            if (value.IsEmpty || value[0] != '=')
                continue;   // a word that is no parameter
            value = value[1..].Trim();
            if (value.IndexOfAny(";, \t") is var end and >= 0)
                value = value[..end];
            value = value.Trim("\"'");
            if (!value.IsEmpty && !IsSeen(value))
                return false;
        }
    }

    private static bool IsSeen(ReadOnlySpan<char> charset) =>
        SeenBySpan.Contains(charset)
        || charset.StartsWith("iso-8859-", StringComparison.OrdinalIgnoreCase) && int.TryParse(charset["iso-8859-".Length..], out _)
        || charset.StartsWith("windows-125", StringComparison.OrdinalIgnoreCase) && int.TryParse(charset["windows-".Length..], out _);

    /// <summary>True for the beginning of a text in UTF-16, UTF-32 or UTF-7, as readers tell by its mark or, of JSON, by its first zeros (RFC 4627, 3).</summary>
    /// <param name="isSaidToBeText">False where nothing says what it is: then only JSON and a mark tell, for pictures and films begin with zeros too.</param>
    public static bool BeginsWide(ReadOnlySpan<byte> start, bool isSaidToBeText) =>
        start is [0xfe, 0xff, ..] or [0xff, 0xfe, ..] or [0x2b, 0x2f, 0x76, ..] or [0, 0, 0xfe, 0xff, ..]
            or [(byte)'{' or (byte)'[', 0, ..] or [0, (byte)'{' or (byte)'[', ..] or [0, 0, 0, (byte)'{' or (byte)'[', ..]
        || isSaidToBeText && start is ([0, ..] or [_, 0, ..]);
}
