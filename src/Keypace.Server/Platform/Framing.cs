using System.Text;
using Keypace.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Keypace.Server.Platform;

/// <summary>
/// Requests whose end two servers could see at two places (request smuggling) are refused, and their connection closed. Nothing is parsed twice:
/// Kestrel is set as strictly as it can be, and what it lets pass although a proxy may read it otherwise is looked at where Kestrel shows it.
/// </summary>
internal static class Framing
{
    // Kestrel takes a lone LF for the end of a line unless told otherwise; it knows this switch, but no option for it.
    private const string NoBareLineFeed = "Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators";

    // Where a request has both, Kestrel goes by Transfer-Encoding and gives the length this name.
    private const string LengthBesideEncoding = "X-Content-Length";

    public static readonly Refusal Ambiguous = new(RefusalReason.Malformed, "ambiguous_framing",
        "It is not clear where the request ends: its address holds a space or control character, or it has Transfer-Encoding together with Content-Length, or an encoding other than 'chunked' alone, or in HTTP/1.0, which has none. Send one of the two, and encode the address.");

    /// <summary>To be called before the server starts.</summary>
    public static void BeStrict(KestrelServerOptions kestrel)
    {
        AppContext.SetSwitch(NoBareLineFeed, true);
        kestrel.RequestHeaderEncodingSelector = static name => name switch
        {
            "Content-Length" => LengthDigits.Only,
            "Connection" => ConnectionText.WithAllMembers,
            _ => null,
        };
    }

    /// <summary>Almost no request has a Transfer-Encoding, so that this costs two looks.</summary>
    /// <param name="target">As it came. A space or control in it would end the request line elsewhere for somebody else.</param>
    /// <param name="protocol">As the request line says it. HTTP/1.0 knows no Transfer-Encoding: a server of that time goes by the length.</param>
    public static bool IsAmbiguous(string target, string protocol, IHeaderDictionary headers) =>
        target.AsSpan().ContainsAnyInRange('\0', ' ') || headers.TransferEncoding is { Count: > 0 } encoding
            && (encoding.Count > 1 || protocol is "HTTP/1.0" || !string.Equals(encoding[0], "chunked", StringComparison.OrdinalIgnoreCase) || headers.ContainsKey(LengthBesideEncoding));

    /// <summary>
    /// A Content-Length that is nothing but digits. Kestrel's own reading takes <c>+27</c> too; any other byte becomes a letter here, which it refuses.
    /// </summary>
    private sealed class LengthDigits : Encoding
    {
        public static readonly LengthDigits Only = new();

        public override int GetByteCount(char[] chars, int index, int count) => count;

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
            ASCII.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

        public override int GetCharCount(byte[] bytes, int index, int count) => count;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
        {
            for (var at = 0; at < byteCount; at++)
                chars[charIndex + at] = bytes[byteIndex + at] is >= (byte)'0' and <= (byte)'9' and var digit ? (char)digit : 'x';
            return byteCount;
        }

        public override int GetMaxByteCount(int charCount) => charCount;

        public override int GetMaxCharCount(int byteCount) => byteCount;
    }
}
