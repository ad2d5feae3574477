using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Keypace.Domain.Vault;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>
/// Reads <c>application/vnd.amazon.eventstream</c>, from pieces cut anywhere, strictly: both checksums, all lengths, every header's type. Layout:
/// https://smithy.io/2.0/aws/amazon-eventstream.html. Holds one message at most, and takes memory only as its bytes come.
/// </summary>
internal sealed class EventStreamReader
{
    /// <summary>AWS's own bounds, in bytes.</summary>
    public const int MostPayloadBytes = 16 * 1024 * 1024;

    public const int MostHeaderBytes = 128 * 1024;

    private const int PreludeBytes = 12;
    private const int FrameBytes = PreludeBytes + 4;

    private byte[] _buffer = new byte[1024];
    private int _count;
    private int _wanted = PreludeBytes;
    private bool _isHandedOut;

    /// <summary>Why nothing more is read; null while all is well.</summary>
    public string? Broken { get; private set; }

    /// <summary>True when the stream ended, or stands, in the middle of a message.</summary>
    public bool IsInside => !_isHandedOut && _count > 0;

    /// <summary>The next whole message, and the piece without what was read; false when the piece is used up or the stream is broken.</summary>
    /// <param name="message">Its payload is valid until the next call.</param>
    public bool TryNext(ref ReadOnlySpan<byte> piece, out EventMessage message)
    {
        message = default;
        if (_isHandedOut)
            (_count, _wanted, _isHandedOut) = (0, PreludeBytes, false);
        while (Broken is null && !piece.IsEmpty)
        {
            var part = piece[..Math.Min(piece.Length, _wanted - _count)];
            if (_count + part.Length > _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(_wanted, Math.Max(_buffer.Length * 2, _count + part.Length)));
            part.CopyTo(_buffer.AsSpan(_count));
            _count += part.Length;
            piece = piece[part.Length..];
            if (_count < _wanted)
                return false;
            if (_wanted == PreludeBytes)
                ReadPrelude();
            else
                return TryReadMessage(out message);
        }

        return false;
    }

    private void ReadPrelude()
    {
        var prelude = _buffer.AsSpan(0, PreludeBytes);
        if (Crc32.Of(prelude[..8]) != BinaryPrimitives.ReadUInt32BigEndian(prelude[8..]))
        {
            Broken = "A message's first checksum is wrong.";
            return;
        }

        var total = BinaryPrimitives.ReadUInt32BigEndian(prelude);
        var headers = BinaryPrimitives.ReadUInt32BigEndian(prelude[4..]);
        if (headers > MostHeaderBytes || total < FrameBytes + headers || total - FrameBytes - headers > MostPayloadBytes)
            Broken = "A message's lengths cannot be.";
        else
            _wanted = (int)total;
    }

    private bool TryReadMessage(out EventMessage message)
    {
        message = default;
        var whole = _buffer.AsSpan(0, _wanted);
        if (Crc32.Of(whole[..^4]) != BinaryPrimitives.ReadUInt32BigEndian(whole[^4..]))
        {
            Broken = "A message's checksum is wrong.";
            return false;
        }

        var headerBytes = (int)BinaryPrimitives.ReadUInt32BigEndian(whole[4..]);
        var payload = _buffer.AsMemory(PreludeBytes + headerBytes, _wanted - FrameBytes - headerBytes);
        message = new EventMessage { Payload = payload };
        if (!TryReadHeaders(whole.Slice(PreludeBytes, headerBytes), ref message))
        {
            Broken = "A message's headers cannot be read.";
            return false;
        }

        if (message.Type is not ("event" or "exception" or "error"))
        {
            Broken = "A message does not say whether it is an event or an error.";
            return false;
        }

        _isHandedOut = true;
        return true;
    }

    private static bool TryReadHeaders(ReadOnlySpan<byte> headers, ref EventMessage message)
    {
        while (!headers.IsEmpty)
        {
            var nameBytes = headers[0];
            if (nameBytes == 0 || headers.Length < nameBytes + 2)
                return false;
            var name = headers.Slice(1, nameBytes);
            var type = headers[nameBytes + 1];
            headers = headers[(nameBytes + 2)..];
            if (!Utf8.IsValid(name) || ValueBytes(type, headers) is not (var before, var length) || headers.Length < before + length)
                return false;
            var value = headers.Slice(before, length);
            headers = headers[(before + length)..];
            if (type == 7 && !Utf8.IsValid(value))
                return false;
            if (name[0] == (byte)':' && !message.TryTake(name, type == 7 ? Encoding.UTF8.GetString(value) : null))
                return false;
        }

        return true;
    }

    /// <summary>Bytes of a value's length and of the value itself; null for a type that there is not.</summary>
    private static (int Before, int Length)? ValueBytes(byte type, ReadOnlySpan<byte> rest) => type switch
    {
        0 or 1 => (0, 0),             // true, false
        2 => (0, 1),                  // byte
        3 => (0, 2),                  // short
        4 => (0, 4),                  // integer
        5 or 8 => (0, 8),             // long, timestamp
        6 or 7 => rest.Length < 2 ? null : (2, BinaryPrimitives.ReadUInt16BigEndian(rest)),   // bytes, text
        9 => (0, 16),                 // uuid
        _ => null,
    };
}

/// <summary>One message of an event stream.</summary>
internal struct EventMessage
{
    /// <summary><c>event</c>, <c>exception</c> or <c>error</c>.</summary>
    public string? Type { get; private set; }

    /// <summary>What it is an event of, which exception, or an error's code.</summary>
    public string? Name { get; private set; }

    /// <summary>An error's words.</summary>
    public string? ErrorWords { get; private set; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Takes one of the protocol's own headers; false when it is not the text that it must be, or comes twice.</summary>
    public bool TryTake(ReadOnlySpan<byte> name, string? value)
    {
        if (name.SequenceEqual(":message-type"u8))
        {
            var isFirst = Type is null && value is not null;
            Type = value;
            return isFirst;
        }

        if (name.SequenceEqual(":event-type"u8) || name.SequenceEqual(":exception-type"u8) || name.SequenceEqual(":error-code"u8))
        {
            var isFirst = Name is null && value is not null;
            Name = value;
            return isFirst;
        }

        if (name.SequenceEqual(":error-message"u8))
            ErrorWords = value;
        return true;
    }
}
