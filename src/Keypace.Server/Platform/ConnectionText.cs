using System.Text;

namespace Keypace.Server.Platform;

/// <summary>
/// Kestrel's reading of a <c>Connection</c> header that loses none of its members. Where it finds exactly one of <c>close</c>, <c>keep-alive</c> and <c>upgrade</c> in all
/// lines of the header together, Kestrel keeps that word instead of them, and forgets the headers that stood beside it, which are not to go on. Where it finds
/// two of them, or none, it leaves the lines: so each line, which does not know of the others, is written as one that means the same and has two or none.
/// </summary>
internal sealed class ConnectionText : Encoding
{
    public static readonly ConnectionText WithAllMembers = new();

    public override int GetCharCount(byte[] bytes, int index, int count) => Read(bytes.AsSpan(index, count)).Length;

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        var text = Read(bytes.AsSpan(byteIndex, byteCount));
        text.CopyTo(chars.AsSpan(charIndex));
        return text.Length;
    }

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        ASCII.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetMaxCharCount(int byteCount) => byteCount + Added.Length;

    private const string Added = ", keep-alive";

    /// <summary><c>keep-alive</c> says nothing in HTTP/1.1, and less than <c>close</c>: it goes where it is alone, and comes where another of the three is.</summary>
    private static string Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IndexOfAnyExceptInRange((byte)' ', (byte)'~') is var odd and >= 0 && bytes[odd] != '\t')
            throw new DecoderFallbackException("A Connection header holds controls or what is not ASCII.");   // Kestrel refuses the request
        var text = ASCII.GetString(bytes);
        if (Is(text, "keep-alive"))
            return "";   // what most clients say
        var members = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var isEnded = Array.Exists(members, member => Is(member, "close") || Is(member, "upgrade"));
        var others = string.Join(", ", members.Where(member => !Is(member, "keep-alive")));
        return isEnded ? others + Added : others;
    }

    private static bool Is(string member, string word) => member.Equals(word, StringComparison.OrdinalIgnoreCase);
}
