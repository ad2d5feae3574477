using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Keypace.Server.Gateway.Wire;

/// <summary>The content codings of HTTP that are decoded here (RFC 9110, 8.4.1; RFC 7932; RFC 8878).</summary>
internal sealed class ContentCoding
{
    /// <summary>More of them in a row are no hub's doing.</summary>
    private const int MostInARow = 4;

    /// <summary>The largest window that HTTP allows, as a power of two (RFC 9659): 8 MiB of memory.</summary>
    private const int ZstdWindowLog = 23;

    private static readonly ContentCoding Gzip = new(static (coded, _) => new GZipStream(coded, CompressionMode.Decompress, leaveOpen: true));
    private static readonly ContentCoding Brotli = new(static (coded, _) => new BrotliStream(coded, CompressionMode.Decompress, leaveOpen: true));

    /// <summary>Meant is zlib's form; some servers send it bare.</summary>
    private static readonly ContentCoding Deflate = new(
        static (coded, start) => IsZlib(start)
            ? new ZLibStream(coded, CompressionMode.Decompress, leaveOpen: true)
            : new DeflateStream(coded, CompressionMode.Decompress, leaveOpen: true));

    private static readonly ContentCoding Zstd = new(static (coded, _) =>
    {
        var decoder = new DecompressionStream(coded);
        decoder.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        return decoder;
    });

    private readonly Func<Stream, ReadOnlyMemory<byte>, Stream> _open;

    private ContentCoding(Func<Stream, ReadOnlyMemory<byte>, Stream> open) => _open = open;

    /// <summary>In the order in which they were applied, without those that change nothing. Null when one of them is not known here, or there are too many.</summary>
    /// <param name="said">The header's value: <c>gzip</c>, or <c>deflate, gzip</c>.</param>
    public static IReadOnlyList<ContentCoding>? Read(string said)
    {
        var codings = new List<ContentCoding>();
        foreach (var range in said.AsSpan().Split(','))
        {
            var name = said.AsSpan()[range].Trim();
            if (name.IsEmpty || Is(name, "identity"))
                continue;
            var coding = Is(name, "gzip") || Is(name, "x-gzip") ? Gzip : Is(name, "deflate") ? Deflate : Is(name, "br") ? Brotli : Is(name, "zstd") ? Zstd : null;
            if (coding is null || codings.Count == MostInARow)
                return null;
            codings.Add(coding);
        }

        return codings;
    }

    /// <param name="start">The first two bytes of what is coded, which are still to be read.</param>
    public Stream Open(Stream coded, ReadOnlyMemory<byte> start) => _open(coded, start);

    private static bool Is(ReadOnlySpan<char> name, string coding) => name.Equals(coding, StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 1950, 2.2: the method, a window of at most 32 KiB, and a check.</summary>
    private static bool IsZlib(ReadOnlyMemory<byte> start) =>
        start.Span is [var method, var flags] && (method & 15) == 8 && method >> 4 <= 7 && ((method << 8) | flags) % 31 == 0;
}
