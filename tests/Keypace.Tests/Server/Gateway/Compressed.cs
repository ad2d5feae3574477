using System.IO.Compression;
using System.Text;

namespace Keypace.Tests.Server.Gateway;

/// <summary>Bodies as hubs compress them.</summary>
internal static class Compressed
{
    /// <summary>As a <c>Content-Encoding</c> names it; <c>raw deflate</c> is deflate without zlib's frame. Several in a row with commas between.</summary>
    public static byte[] By(string codings, byte[] body)
    {
        foreach (var coding in codings.Split(',', StringSplitOptions.TrimEntries))
        {
            using var coded = new MemoryStream();
            using (var into = Into(coding, coded))
                into.Write(body);
            body = coded.ToArray();
        }

        return body;
    }

    /// <summary>Each flush ends a piece that can be decoded by itself.</summary>
    public static Stream Into(string coding, Stream coded) => coding.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => new GZipStream(coded, CompressionLevel.Optimal, leaveOpen: true),
        "deflate" => new ZLibStream(coded, CompressionLevel.Optimal, leaveOpen: true),
        "raw deflate" => new DeflateStream(coded, CompressionLevel.Optimal, leaveOpen: true),
        "br" => new BrotliStream(coded, CompressionLevel.Fastest, leaveOpen: true),
        "zstd" => new ZstdSharp.CompressionStream(coded, leaveOpen: true),
        _ => new NotAtAll(coded),
    };

    /// <summary>An answer of which each character is a byte, as <see cref="RawHub"/> sends it.</summary>
    /// <param name="said">The header's value.</param>
    public static string Answer(string status, string said, byte[] coded, string headers = "") =>
        $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Encoding: {said}\r\n{headers}Content-Length: {coded.Length}\r\n\r\n{Encoding.Latin1.GetString(coded)}";

    private sealed class NotAtAll(Stream coded) : MemoryStream
    {
        protected override void Dispose(bool disposing)
        {
            if (disposing)
                WriteTo(coded);
            base.Dispose(disposing);
        }
    }
}
