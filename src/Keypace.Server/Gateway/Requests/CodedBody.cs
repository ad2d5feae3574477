using System.Buffers;
using System.Runtime.InteropServices;
using Keypace.Domain;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;
using ZstdSharp;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// A body that its caller compressed: decoded once, before anything reads it, under the bound that all bodies have. From then on the request is one that
/// came plain.
/// </summary>
internal static class CodedBody
{
    /// <summary>What goes into <c>Accept-Encoding</c> of the refusal.</summary>
    public const string Accepted = Problems.DecodedCodings;

    private const int PieceBytes = 16 * 1024;

    /// <summary>True only of the bytes as they came.</summary>
    private static readonly string[] OfCodedBytes = ["Content-Encoding", "Content-MD5", "Content-Digest", "Repr-Digest", "Digest"];

    private static readonly Refusal Unknown = new(RefusalReason.UnknownCoding, "unsupported_encoding",
        $"The body's Content-Encoding is none that is decoded here. Send it plain, or with one of {Accepted}.");

    private static readonly Refusal Broken = new(RefusalReason.Malformed, "undecodable_body",
        "The body is not what its Content-Encoding says, or ends early. Compress it again, or send it plain.");

    /// <summary>How the body is coded, before any of it is read.</summary>
    /// <param name="coding">Null when it is plain.</param>
    /// <returns>Why it is not taken; null when it is.</returns>
    public static Refusal? WhyNot(HttpRequest request, out ContentCoding? coding)
    {
        coding = null;
        if (request.Headers.ContentEncoding is not { Count: > 0 } said)
            return null;
        if (ContentCoding.Read(said.ToString()) is not { Count: <= 1 } codings)
            return Unknown;
        coding = codings.Count == 1 ? codings[0] : null;
        return null;
    }

    /// <param name="coded">Given back here.</param>
    /// <param name="room">Taken over, for the decoded body.</param>
    public static Outcome<RequestBody> Decode(HttpRequest request, RequestBody coded, ContentCoding coding, long maxBytes, WaitingBodies.BodyRoom room)
    {
        using var whole = coded;
        if (!RequestBody.Begin(PieceBytes, room).TryGet(out var body, out var refusal))
            return refusal;
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            MemoryMarshal.TryGetArray(coded.Original, out var bytes);
            using var source = new MemoryStream(bytes.Array!, bytes.Offset, bytes.Count, writable: false);
            using var decoder = coding.Open(source, coded.Original[..Math.Min(2, bytes.Count)]);
            for (int read; refusal is null && (read = decoder.Read(piece, 0, PieceBytes)) > 0;)
                refusal = body.Add(new ReadOnlySequence<byte>(piece, 0, read), maxBytes);
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or IOException or ZstdException)
        {
            refusal = Broken;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }

        if (refusal is not null)
        {
            body.Dispose();
            return refusal;
        }

        foreach (var name in OfCodedBytes)
            request.Headers.Remove(name);
        body.Seal();
        return body;
    }
}
