namespace Keypace.Domain.Hubs;

/// <summary>
/// Takes out of a stream of events what the hub sends only because the gateway asked for token counts: the chunk without choices that has a usage
/// object, and the member <c>"usage": null</c> of the others. Reads events in every form that WHATWG allows (line feeds, carriage returns, both; a byte
/// order mark, comments, <c>id</c> and <c>event</c>, data over several lines, an end without an empty line). Every other byte passes as it came, an
/// event at the end of the line that decides it; whole pieces without a usage member pass untouched. Not thread-safe; one for each answer.
/// </summary>
public sealed class UsageChunkFilter
{
    /// <summary>A longer event passes as it is, in bytes.</summary>
    public const int MostEventBytes = 256 * 1024;

    private readonly List<UsageChunk.Part> _parts = [];   // where the event's data stands in what is held
    private byte[] _held = [];
    private int _heldCount;
    private byte[] _data = [];                            // of the event, its lines put together
    private int _dataCount;
    private byte[] _out = [];
    private int _outCount;
    private int _lineStart;        // in what is held
    private bool _isLineEmpty = true;
    private bool _isFirstLine = true;
    private Course _course;
    private Course? _afterReturn;  // the last byte was a carriage return: a line feed goes the same way

    private enum Course : byte
    {
        Undecided,
        Passing,
        Dropping,
    }

    private static ReadOnlySpan<byte> UsageMember => "\"usage\""u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Takes the next piece; gives what may go out now. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> piece)
    {
        var rest = piece.Span;
        if (_course is Course.Undecided && _heldCount == 0 && _isLineEmpty && _afterReturn is null
            && (rest.EndsWith("\n\n"u8) || rest.EndsWith("\r\n\r\n"u8)) && rest.IndexOf(UsageMember) < 0)
        {
            _isFirstLine = false;
            return piece;
        }

        _outCount = 0;
        if (_afterReturn is { } course && !rest.IsEmpty)
        {
            _afterReturn = null;
            if (rest[0] == (byte)'\n')
            {
                Take(rest[..1], course);
                _lineStart = _heldCount;
                rest = rest[1..];
            }
        }

        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny((byte)'\r', (byte)'\n');
            if (end < 0)
            {
                Take(rest, _course);
                _isLineEmpty = false;
                break;
            }

            var isReturn = rest[end] == (byte)'\r';
            var next = isReturn && rest[(end + 1)..].StartsWith("\n"u8) ? end + 2 : end + 1;
            Take(rest[..next], _course);
            var went = EndLine(isEmpty: _isLineEmpty && end == 0);
            _afterReturn = isReturn && next == rest.Length && rest[^1] == (byte)'\r' ? went : null;
            rest = rest[next..];
        }

        if (_heldCount > MostEventBytes)
            Decide(Course.Passing);

        return _out.AsMemory(0, _outCount);
    }

    /// <summary>What is still held when the answer ends. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        _outCount = 0;
        if (!_isLineEmpty && _course is Course.Undecided)
            Look();
        if (_course is Course.Undecided)
            Decide(Course.Passing);
        return _out.AsMemory(0, _outCount);
    }

    /// <returns>What became of the line.</returns>
    private Course EndLine(bool isEmpty)
    {
        if (_course is Course.Undecided && !isEmpty)
            Look();
        else if (_course is Course.Undecided)
            Decide(Course.Passing);

        var went = _course;
        if (isEmpty)
        {
            (_course, _heldCount, _dataCount) = (Course.Undecided, 0, 0);
            _parts.Clear();
        }

        (_lineStart, _isLineEmpty, _isFirstLine) = (_heldCount, true, false);
        return went;
    }

    /// <summary>Looks at the line that has ended, of an event which is undecided.</summary>
    private void Look()
    {
        var start = _lineStart;
        if (_isFirstLine && _held.AsSpan(0, _heldCount).StartsWith(ByteOrderMark))
            start = ByteOrderMark.Length;
        var line = _held.AsSpan(start, _heldCount - start).TrimEnd("\r\n"u8);
        if (line.StartsWith(":"u8) && _lineStart == 0)
        {
            // A comment in front of an event says that the hub is there, and says it now.
            Emit(_held.AsSpan(0, _heldCount));
            _heldCount = 0;
            return;
        }

        if (!line.StartsWith("data:"u8))
            return;
        var valueAt = line.Length > 5 && line[5] == (byte)' ' ? 6 : 5;
        if (_parts.Count > 0)
            Append(ref _data, ref _dataCount, "\n"u8);
        _parts.Add(new UsageChunk.Part(_dataCount, start + valueAt, line.Length - valueAt));
        Append(ref _data, ref _dataCount, line[valueAt..]);
        switch (UsageChunk.Read(_data.AsSpan(0, _dataCount), out var nothing))
        {
            case UsageChunk.Kind.Extra:
                Decide(Course.Dropping);
                break;
            case UsageChunk.Kind.Other when !nothing.Equals(0..0):
                EmitWithout(nothing);
                Decide(Course.Passing);
                break;
            case UsageChunk.Kind.Other:
                Decide(Course.Passing);
                break;
        }
    }

    private void Decide(Course course)
    {
        _course = course;
        if (course is Course.Passing)
            Emit(_held.AsSpan(0, _heldCount));
        _heldCount = 0;
    }

    /// <summary>Lets what is held out, less a range of the event's data, which may lie over several lines.</summary>
    private void EmitWithout(Range range)
    {
        var (from, to) = (range.Start.Value, range.End.Value);
        var at = 0;
        foreach (var (dataAt, heldAt, length) in _parts)
        {
            var (first, last) = (Math.Max(from, dataAt), Math.Min(to, dataAt + length));
            if (first >= last)
                continue;
            Emit(_held.AsSpan(at, heldAt + first - dataAt - at));
            at = heldAt + last - dataAt;
        }

        Emit(_held.AsSpan(at, _heldCount - at));
        _heldCount = 0;
    }

    private void Take(ReadOnlySpan<byte> bytes, Course course)
    {
        if (course is Course.Undecided)
            Append(ref _held, ref _heldCount, bytes);
        else if (course is Course.Passing)
            Emit(bytes);
    }

    private void Emit(ReadOnlySpan<byte> bytes) => Append(ref _out, ref _outCount, bytes);

    private static void Append(ref byte[] buffer, ref int count, ReadOnlySpan<byte> bytes)
    {
        if (count + bytes.Length > buffer.Length)
            Array.Resize(ref buffer, Math.Max(4096, (count + bytes.Length) * 2));
        bytes.CopyTo(buffer.AsSpan(count));
        count += bytes.Length;
    }
}
