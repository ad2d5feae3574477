using System.Buffers;
using System.Security.Cryptography;
using Keypace.Domain;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// A caller's body, read once into pooled memory, with the few changes that are allowed laid over it. The bytes that are not
/// changed are the caller's own: nothing is parsed and written again. Dispose gives the memory back.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private readonly record struct Edit(int At, int Remove, ReadOnlyMemory<byte> Insert);

    private byte[] _buffer;
    private int _count;
    private readonly List<Edit> _edits = [];

    private RequestBody(byte[] buffer) => _buffer = buffer;

    public ReadOnlyMemory<byte> Original => _buffer.AsMemory(0, _count);

    /// <summary>Bytes that go to the hub, edits included.</summary>
    public long Length { get; private set; }

    public bool IsEdited => _edits.Count > 0;

    /// <summary>A body made here, such as the one that a contract query is translated to.</summary>
    public static RequestBody Of(ReadOnlySpan<byte> bytes)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(1, bytes.Length));
        bytes.CopyTo(buffer);
        return new RequestBody(buffer) { _count = bytes.Length, Length = bytes.Length };
    }

    /// <summary>Reads the whole body. A body over the bound, cut off or badly framed is a refusal; a caller who left throws.</summary>
    public static async ValueTask<Outcome<RequestBody>> ReadAsync(HttpRequest request, long maxBytes, CancellationToken ct)
    {
        if (request.ContentLength > maxBytes)
            return TooLarge(maxBytes);

        var body = new RequestBody(ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4096)));
        try
        {
            var reader = request.BodyReader;
            while (true)
            {
                var piece = await reader.ReadAsync(ct);
                if (body._count + piece.Buffer.Length > maxBytes)
                {
                    body.Dispose();
                    return TooLarge(maxBytes);
                }

                body.Add(piece.Buffer);
                reader.AdvanceTo(piece.Buffer.End);
                if (piece.IsCompleted)
                    break;
            }
        }
        catch (IOException failure) when (failure is BadHttpRequestException or { InnerException: OverflowException })
        {
            // The overflow is Kestrel's: a chunk whose size fits no integer.
            body.Dispose();
            return failure is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }
                ? TooLarge(maxBytes)
                : new Refusal(RefusalReason.Malformed, "broken_body", "The request's body ended early or is not framed as HTTP requires. Send it again whole.");
        }
        catch
        {
            body.Dispose();
            throw;
        }

        body.Length = body._count;
        return body;
    }

    /// <summary>Replaces bytes of the original. Edits may come in any order and must not overlap.</summary>
    public void Replace(int at, int remove, ReadOnlyMemory<byte> insert)
    {
        var index = _edits.FindIndex(edit => edit.At > at);
        _edits.Insert(index < 0 ? _edits.Count : index, new Edit(at, remove, insert));
        Length += insert.Length - remove;
    }

    /// <summary>Takes all edits back.</summary>
    public void Restore()
    {
        _edits.Clear();
        Length = _count;
    }

    /// <summary>The bytes that go to the hub as one piece; a copy only where there are edits.</summary>
    public ReadOnlyMemory<byte> ToWhole()
    {
        if (!IsEdited)
            return Original;
        var whole = new ArrayBufferWriter<byte>((int)Length);
        var from = 0;
        foreach (var (at, remove, insert) in _edits)
        {
            whole.Write(_buffer.AsSpan(from, Math.Max(0, at - from)));
            whole.Write(insert.Span);
            from = Math.Max(from, at + remove);
        }

        whole.Write(_buffer.AsSpan(from, _count - from));
        return whole.WrittenMemory;
    }

    public async ValueTask WriteToAsync(Stream stream, CancellationToken ct)
    {
        var from = 0;
        foreach (var (at, remove, insert) in _edits)
        {
            if (at > from)
                await stream.WriteAsync(_buffer.AsMemory(from, at - from), ct);
            if (!insert.IsEmpty)
                await stream.WriteAsync(insert, ct);
            from = Math.Max(from, at + remove);   // an insertion may stand where a removal began
        }

        if (_count > from)
            await stream.WriteAsync(_buffer.AsMemory(from, _count - from), ct);
    }

    /// <summary>SHA-256 of the bytes that go to the hub, edits included.</summary>
    public byte[] Sha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var from = 0;
        foreach (var (at, remove, insert) in _edits)
        {
            hash.AppendData(_buffer.AsSpan(from, Math.Max(0, at - from)));
            hash.AppendData(insert.Span);
            from = Math.Max(from, at + remove);
        }

        hash.AppendData(_buffer.AsSpan(from, _count - from));
        return hash.GetHashAndReset();
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Add(in ReadOnlySequence<byte> piece)
    {
        var needed = _count + (int)piece.Length;
        if (needed > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, _buffer.Length * 2));
            _buffer.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        piece.CopyTo(_buffer.AsSpan(_count));
        _count = needed;
    }

    private static Refusal TooLarge(long maxBytes) => new(RefusalReason.TooLarge, "body_too_large",
        $"The request's body is larger than {maxBytes:N0} bytes, which is this server's bound (setting Gateway:MaxBodyBytes).");
}
