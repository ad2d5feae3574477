namespace Keypace.Domain.Hubs;

/// <summary>
/// Finds the token counts in an answer while its bytes pass by, in pieces cut anywhere: a JSON answer (also a list or a row of them), a stream of
/// events, or Bedrock's framed messages; in the dialects of chat completions, responses and messages, of Bedrock, Cohere and Google. What counts is the
/// answer's own member (<see cref="UsageWalk"/>), not one of the same name in what the model wrote. Not thread-safe; one for each answer.
/// </summary>
public sealed class UsageScanner
{
    /// <summary>A longer usage object is passed over, in bytes.</summary>
    public const int MostObjectBytes = 16 * 1024;

    /// <summary>Bedrock's frames: two lengths and a checksum in front, a checksum behind.</summary>
    private const int PreludeBytes = 12;
    private const int FrameBytes = PreludeBytes + 4;
    private const int MostFrameBytes = 16 * 1024 * 1024;

    private readonly UsageWalk _walk = new();
    private Form _form;
    private Line _line;
    private int _matched;          // bytes of "data:" at the beginning of the line
    private bool _afterReturn;     // a line feed now belongs to the line end before it
    private int _inFrame;          // bytes of the frame that passed
    private int _frameBytes;
    private int _headerBytes;

    private enum Form : byte
    {
        Unknown,
        Json,
        Events,
        Frames,
        Unreadable,
    }

    private enum Line : byte
    {
        Begins,
        Data,
        Other,
    }

    private static ReadOnlySpan<byte> DataField => "data:"u8;

    /// <summary>Tokens of the query, those read from a cache included; null while unknown.</summary>
    public long? PromptTokens => _walk.Tally.Prompt;

    /// <summary>Tokens of the answer; null while unknown.</summary>
    public long? CompletionTokens => _walk.Tally.Completion;

    /// <summary>As reported, else the sum of both; null while unknown.</summary>
    public long? TotalTokens => _walk.Tally.Total;

    /// <summary>Takes the next piece, of any length. Allocates nothing; an object that lies across pieces is put together in a pooled buffer.</summary>
    public void Feed(ReadOnlySpan<byte> piece)
    {
        if (_form is Form.Unknown)
        {
            piece = piece.TrimStart(" \t\r\n"u8);
            if (piece.IsEmpty)
                return;
            _form = piece[0] switch
            {
                (byte)'{' or (byte)'[' => Form.Json,
                0 => Form.Frames,
                0xEF or 0xBB or 0xBF => Form.Unknown,   // a byte order mark
                _ => Form.Events,
            };
            if (_form is Form.Unknown)
            {
                Feed(piece[1..]);
                return;
            }
        }

        if (_form is Form.Json)
            _walk.Feed(piece);
        while (!piece.IsEmpty && _form is Form.Events or Form.Frames)
            piece = _form is Form.Events ? FeedLine(piece) : FeedFrame(piece);
    }

    private ReadOnlySpan<byte> FeedLine(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
            return piece;
        if (_afterReturn && piece[0] == (byte)'\n')
        {
            _afterReturn = false;
            return piece[1..];
        }

        _afterReturn = false;
        if (_line is Line.Begins && piece[0] is not ((byte)'\r' or (byte)'\n'))
        {
            if (piece[0] != DataField[_matched])
                _line = Line.Other;
            else if (++_matched == DataField.Length)
                _line = Line.Data;
            return _line is Line.Other ? piece : piece[1..];
        }

        var end = piece.IndexOfAny((byte)'\r', (byte)'\n');
        if (_line is Line.Data)
            _walk.Feed(end < 0 ? piece : piece[..end]);
        if (end < 0)
            return [];
        if (_line is Line.Begins && _matched == 0)
            _walk.Restart();   // an empty line: the next event's data begins anew
        (_line, _matched, _afterReturn) = (Line.Begins, 0, piece[end] == (byte)'\r');
        return piece[(end + 1)..];
    }

    private ReadOnlySpan<byte> FeedFrame(ReadOnlySpan<byte> piece)
    {
        if (piece.IsEmpty)
            return piece;
        if (_inFrame < PreludeBytes)
        {
            if (_inFrame < 4)
                _frameBytes = (_frameBytes << 8) | piece[0];
            else if (_inFrame < 8)
                _headerBytes = (_headerBytes << 8) | piece[0];
            _inFrame++;
            if (_inFrame == PreludeBytes && (_frameBytes is < FrameBytes or > MostFrameBytes || _headerBytes < 0 || _headerBytes > _frameBytes - FrameBytes))
                _form = Form.Unreadable;
            return piece[1..];
        }

        var payload = PreludeBytes + _headerBytes;
        var until = _inFrame < payload ? payload : _inFrame < _frameBytes - 4 ? _frameBytes - 4 : _frameBytes;
        var part = piece[..Math.Min(piece.Length, until - _inFrame)];
        if (until == _frameBytes - 4 && _inFrame >= payload)
            _walk.Feed(part);
        _inFrame += part.Length;
        if (_inFrame == _frameBytes)
        {
            _walk.Restart();
            (_inFrame, _frameBytes, _headerBytes) = (0, 0, 0);
        }

        return piece[part.Length..];
    }
}
