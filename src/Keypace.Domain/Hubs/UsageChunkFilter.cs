using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>
/// Takes out of a stream of events the one chunk that the hub sends only because the gateway asked for token counts (no choices, and a
/// usage object). Every other byte passes as it came. What could still be that chunk is held until it is decided, nothing else is; whole
/// pieces without a usage object pass untouched. Not thread-safe; one for each answer.
/// </summary>
public sealed class UsageChunkFilter
{
    /// <summary>A longer event is no usage chunk, in bytes.</summary>
    public const int MostEventBytes = 32 * 1024;

    private byte[] _held = [];
    private int _heldCount;
    private byte[] _out = [];
    private int _outCount;
    private bool _isPassing;       // within an event that was decided to pass
    private bool _isLineEmpty = true;

    private static ReadOnlySpan<byte> UsageMember => "\"usage\""u8;

    /// <summary>Takes the next piece; gives what may go out now. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> piece)
    {
        if (_heldCount == 0 && !_isPassing && piece.Span.EndsWith("\n\n"u8) && piece.Span.IndexOf(UsageMember) < 0)
            return piece;

        _outCount = 0;
        Hold(piece.Span);
        var rest = _held.AsSpan(0, _heldCount);
        while (!rest.IsEmpty)
        {
            if (_isPassing)
            {
                rest = rest[Emit(rest[..EndOfEvent(rest, out var isWhole)])..];
                _isPassing = !isWhole;
                continue;
            }

            _isLineEmpty = true;
            var end = EndOfEvent(rest, out var whole);
            if (whole)
            {
                if (!IsUsageChunk(rest[..end]))
                    Emit(rest[..end]);
                rest = rest[end..];
            }
            else if (rest.Length > MostEventBytes || MustPass(rest))
            {
                Emit(rest);
                _isPassing = true;
                rest = [];
            }
            else
            {
                break;
            }
        }

        rest.CopyTo(_held);
        _heldCount = rest.Length;
        return _out.AsMemory(0, _outCount);
    }

    /// <summary>What is still held when the answer ends: it was cut off, and passes.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        var rest = _held.AsMemory(0, _heldCount);
        _heldCount = 0;
        return rest;
    }

    /// <summary>The length of the event up to its empty line, or of all that is there of it.</summary>
    private int EndOfEvent(ReadOnlySpan<byte> bytes, out bool isWhole)
    {
        for (var index = 0; index < bytes.Length; index++)
        {
            if (bytes[index] == (byte)'\n')
            {
                if (_isLineEmpty && (_isPassing || index > 0))
                {
                    isWhole = true;
                    return index + 1;
                }

                _isLineEmpty = true;
            }
            else if (bytes[index] != (byte)'\r')
            {
                _isLineEmpty = false;
                var line = bytes[index..].IndexOf((byte)'\n');
                index = line < 0 ? bytes.Length : index + line - 1;
            }
        }

        isWhole = false;
        return bytes.Length;
    }

    /// <summary>True when the beginning of an event already tells that it has choices, is the end, or is no data.</summary>
    private static bool MustPass(ReadOnlySpan<byte> start)
    {
        if (start.Length >= 6 && !start.StartsWith("data:"u8))
            return true;
        if (start.StartsWith("data: [DONE]"u8))
            return true;
        var at = start.IndexOf("\"choices\""u8);
        if (at < 0)
            return false;
        var value = start[(at + "\"choices\""u8.Length)..].TrimStart(" \t:"u8);
        return value.Length > 0 && (value[0] != (byte)'[' || (value[1..].TrimStart(" \t"u8) is [var first, ..] && first != (byte)']'));
    }

    private static bool IsUsageChunk(ReadOnlySpan<byte> lines)
    {
        lines = lines.TrimEnd("\r\n"u8);
        if (!lines.StartsWith("data:"u8) || lines.Contains((byte)'\n') || lines.IndexOf(UsageMember) < 0)
            return false;
        try
        {
            var reader = new Utf8JsonReader(lines["data:"u8.Length..].Trim(" "u8));
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return false;
            var (hasNoChoices, hasUsage) = (false, false);
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var (isChoices, isUsage) = (reader.ValueTextEquals("choices"u8), reader.ValueTextEquals("usage"u8));
                reader.Read();
                if (isUsage)
                    hasUsage = reader.TokenType is JsonTokenType.StartObject;
                if (isChoices && reader.TokenType is JsonTokenType.StartArray)
                {
                    reader.Read();
                    hasNoChoices = reader.TokenType is JsonTokenType.EndArray;
                    if (!hasNoChoices)
                        return false;
                }

                reader.Skip();
            }

            return hasNoChoices && hasUsage;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private void Hold(ReadOnlySpan<byte> piece)
    {
        if (_heldCount + piece.Length > _held.Length)
            Array.Resize(ref _held, Math.Max(4096, (_heldCount + piece.Length) * 2));
        piece.CopyTo(_held.AsSpan(_heldCount));
        _heldCount += piece.Length;
    }

    private int Emit(ReadOnlySpan<byte> bytes)
    {
        if (_outCount + bytes.Length > _out.Length)
            Array.Resize(ref _out, Math.Max(4096, (_outCount + bytes.Length) * 2));
        bytes.CopyTo(_out.AsSpan(_outCount));
        _outCount += bytes.Length;
        return bytes.Length;
    }
}
