using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using Keypace.Domain;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// A caller's body, read once into pooled memory, with the few changes that are allowed laid over it. The bytes that are not
/// changed are the caller's own: nothing is parsed and written again. Dispose gives the memory back.
/// </summary>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBytes = 4096;

    /// <summary>Larger buffers are not pooled: the pool would round them up to twice their size, and keep them.</summary>
    private const int MostPooledBytes = 1 << 20;

    private static readonly Refusal TooSlow = new(RefusalReason.TooSlow, "request_too_slow",
        $"Less than {BodyPace.LeastRate} bytes a second of the request's body came for {BodyPace.Seconds} seconds. Send it again, without pauses.");

    private readonly record struct Edit(int At, int Remove, ReadOnlyMemory<byte> Insert);

    private byte[] _buffer;
    private int _count;
    private readonly List<Edit> _edits = [];

    private WaitingBodies.BodyRoom _room;

    private RequestBody(byte[] buffer, WaitingBodies.BodyRoom room) => (_buffer, _room) = (buffer, room);

    public ReadOnlyMemory<byte> Original => _buffer.AsMemory(0, _count);

    /// <summary>Bytes that go to the hub, edits included.</summary>
    public long Length { get; private set; }

    public bool IsEdited => _edits.Count > 0;

    /// <summary>A body made here, such as the one that a contract query is translated to, where somebody else bounds it.</summary>
    public static RequestBody Of(ReadOnlySpan<byte> bytes)
    {
        var body = new RequestBody(ArrayPool<byte>.Shared.Rent(Math.Max(1, bytes.Length)), default);
        body.Put(bytes);
        return body;
    }

    /// <summary>A body made here out of one that a caller sent, counted as the caller's. Null where there is no room for it.</summary>
    /// <param name="room">Taken over.</param>
    public static RequestBody? Of(ReadOnlySpan<byte> bytes, WaitingBodies.BodyRoom room)
    {
        if (!room.TryTake(SizeFor(Math.Max(1, bytes.Length))))
            return null;
        var body = new RequestBody(Allocate(Math.Max(1, bytes.Length)), room);
        body.Put(bytes);
        return body;
    }

    /// <summary>An empty body to be filled by <see cref="Add"/> and closed by <see cref="Seal"/>.</summary>
    /// <param name="room">Taken over.</param>
    public static Outcome<RequestBody> Begin(int bytes, WaitingBodies.BodyRoom room) =>
        room.TryTake(SizeFor(bytes)) ? new RequestBody(Allocate(bytes), room) : WaitingBodies.Full;

    /// <summary>All of it is there.</summary>
    public void Seal() => Length = _count;

    /// <summary>
    /// Reads the whole body, after there is room for it: for all of it where its length is told, else piece by piece. A body over the bound, without
    /// room, too slow, cut off or badly framed is a refusal; a caller who left throws. A compressed body is decoded (<see cref="CodedBody"/>).
    /// </summary>
    /// <param name="room">Taken over: given back with the body, or with the refusal.</param>
    public static async ValueTask<Outcome<RequestBody>> ReadAsync(
        HttpRequest request, long maxBytes, WaitingBodies.BodyRoom room, TimeProvider time, CancellationToken ct)
    {
        if (request.ContentLength > maxBytes)
            return TooLarge(maxBytes);
        if (CodedBody.WhyNot(request, out var coding) is { } unknown)
            return unknown;
        var another = room;

        var first = (int)Math.Max(1, request.ContentLength ?? Math.Min(FirstBytes, maxBytes));
        if (!room.TryTake(SizeFor(first)))
            return WaitingBodies.Full;
        var body = new RequestBody(Allocate(first), room);
        BodyPace? pace = null;
        Refusal? refusal;
        try
        {
            refusal = null;
            var reader = request.BodyReader;
            while (true)
            {
                var reading = reader.ReadAsync(ct);
                if (!reading.IsCompleted)
                    pace ??= new BodyPace(reader, time);      // what came with the head needs no watch
                var piece = await reading;
                pace?.Moved(piece.Buffer.Length);
                refusal = piece.IsCanceled ? TooSlow : body.Add(piece.Buffer, maxBytes);
                reader.AdvanceTo(piece.Buffer.End);
                if (refusal is not null || piece.IsCompleted)
                    break;
            }
        }
        catch (IOException failure) when (failure is BadHttpRequestException or { InnerException: OverflowException })
        {
            // The overflow is Kestrel's: a chunk whose size fits no integer.
            refusal = (failure as BadHttpRequestException)?.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => TooLarge(maxBytes),
                StatusCodes.Status408RequestTimeout => TooSlow,
                _ => new Refusal(RefusalReason.Malformed, "broken_body", "The request's body ended early or is not framed as HTTP requires. Send it again whole."),
            };
        }
        catch
        {
            body.Dispose();
            throw;
        }
        finally
        {
            pace?.Dispose();
        }

        if (refusal is not null)
        {
            body.Dispose();
            return refusal;
        }

        UnreadBody.MarkRead(request);
        body.Seal();
        return coding is null ? body : CodedBody.Decode(request, body, coding, maxBytes, another);
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
        if (buffer.Length == 0)
            return;
        if (buffer.Length <= MostPooledBytes)
            ArrayPool<byte>.Shared.Return(buffer);
        _room.GiveBackAll();
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer);
        Length = _count = bytes.Length;
    }

    /// <summary>Takes more bytes, within the bound and the room.</summary>
    public Refusal? Add(in ReadOnlySequence<byte> piece, long maxBytes)
    {
        if (_count + piece.Length > maxBytes)
            return TooLarge(maxBytes);
        var needed = _count + (int)piece.Length;
        if (needed > _buffer.Length && !TryGrow((int)Math.Max(needed, Math.Min(_buffer.Length * 2L, maxBytes))))
            return WaitingBodies.Full;
        piece.CopyTo(_buffer.AsSpan(_count));
        _count = needed;
        return null;
    }

    private bool TryGrow(int bytes)
    {
        if (!_room.TryTake(SizeFor(bytes)))
            return false;
        var (old, larger) = (_buffer, Allocate(bytes));
        old.AsSpan(0, _count).CopyTo(larger);
        _buffer = larger;
        if (old.Length <= MostPooledBytes)
            ArrayPool<byte>.Shared.Return(old);
        _room.GiveBack(SizeFor(old.Length));
        return true;
    }

    private static byte[] Allocate(int bytes) =>
        bytes <= MostPooledBytes ? ArrayPool<byte>.Shared.Rent(bytes) : GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>What <see cref="Allocate"/> takes: the pool's sizes are powers of two.</summary>
    private static long SizeFor(int bytes) => bytes <= MostPooledBytes ? BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, bytes)) : bytes;

    private static Refusal TooLarge(long maxBytes) => new(RefusalReason.TooLarge, "body_too_large",
        $"The request's body is larger than {maxBytes:N0} bytes, which is this server's bound (setting Gateway:MaxBodyBytes).");
}
