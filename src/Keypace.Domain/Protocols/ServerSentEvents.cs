using System.Buffers;

namespace Keypace.Domain.Protocols;

/// <summary>
/// Takes a <c>text/event-stream</c> apart into the data of its events, from pieces cut anywhere. Every byte is looked at once, and no more
/// than one event is held.
/// </summary>
internal sealed class ServerSentEvents
{
    /// <summary>A longer event makes the stream unreadable.</summary>
    public const int MostEventBytes = 4 * 1024 * 1024;

    private readonly ArrayBufferWriter<byte> _line = new(256);
    private readonly ArrayBufferWriter<byte> _data = new(1024);
    private bool _hasData;
    private bool _wasReturn;      // the last byte was a carriage return: a line feed behind it belongs to it
    private bool _isHandedOut;
    private bool _isBehindMark;   // a byte order mark may stand in front of the first line

    /// <summary>True when an event was longer than <see cref="MostEventBytes"/>; nothing more is read then.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>True when the stream ended, or stands, in the middle of an event.</summary>
    public bool IsInside => _hasData || _line.WrittenCount > 0;

    /// <summary>The next whole event's data, and the piece without what was read; false when the piece is used up.</summary>
    /// <param name="data">Valid until the next call.</param>
    public bool TryNext(ref ReadOnlySpan<byte> piece, out ReadOnlyMemory<byte> data)
    {
        data = default;
        if (_isHandedOut)
        {
            _data.ResetWrittenCount();
            (_isHandedOut, _hasData) = (false, false);
        }

        while (!piece.IsEmpty && !IsTooLong)
        {
            if (_wasReturn)
            {
                _wasReturn = false;
                if (piece[0] == (byte)'\n')
                {
                    piece = piece[1..];
                    continue;
                }
            }

            var end = piece.IndexOfAny((byte)'\n', (byte)'\r');
            var part = end < 0 ? piece : piece[..end];
            if (_line.WrittenCount + _data.WrittenCount + part.Length > MostEventBytes)
            {
                IsTooLong = true;
                return false;
            }

            if (end < 0)
            {
                _line.Write(part);
                piece = default;
                return false;
            }

            _wasReturn = piece[end] == (byte)'\r';
            piece = piece[(end + 1)..];
            if (_line.WrittenCount > 0)
            {
                _line.Write(part);
                TakeLine(_line.WrittenSpan);
                _line.ResetWrittenCount();
            }
            else if (part.IsEmpty)
            {
                if (!_hasData)
                    continue;
                _isHandedOut = true;
                data = _data.WrittenMemory;
                return true;
            }
            else
            {
                TakeLine(part);
            }
        }

        return false;
    }

    /// <summary>The stream has ended: the data of the event that no empty line closed; empty where there is none. It may be half of one.</summary>
    public ReadOnlyMemory<byte> TakeLast()
    {
        if (_isHandedOut)
        {
            _data.ResetWrittenCount();
            (_isHandedOut, _hasData) = (false, false);
        }

        if (_line.WrittenCount > 0)
            TakeLine(_line.WrittenSpan);
        _line.ResetWrittenCount();
        _hasData = false;
        return _data.WrittenMemory;
    }

    /// <summary>Only the data counts: the events of these streams name themselves inside it too.</summary>
    private void TakeLine(ReadOnlySpan<byte> line)
    {
        if (!_isBehindMark && line.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            line = line[3..];
        _isBehindMark = true;
        if (!line.StartsWith("data"u8))
            return;
        var value = line["data"u8.Length..];
        if (value.IsEmpty)
            value = default;
        else if (value[0] != (byte)':')
            return;
        else
            value = value is [(byte)':', (byte)' ', ..] ? value[2..] : value[1..];
        if (_hasData)
            _data.Write("\n"u8);
        _data.Write(value);
        _hasData = true;
    }
}
