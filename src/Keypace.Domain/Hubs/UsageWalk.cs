using System.Buffers;

namespace Keypace.Domain.Hubs;

/// <summary>
/// Walks through JSON that passes by in pieces and reads its own usage object: the member <c>usage</c> (Google: <c>usageMetadata</c>) of the outermost
/// object, or of one of the few members that events wrap an answer in. A tool's argument of that name lies elsewhere, and does not count.
/// </summary>
internal sealed class UsageWalk
{
    private const int MostNameBytes = 16;

    // Beyond the members that are looked at only braces and texts matter.
    private static readonly SearchValues<byte> Shallow = SearchValues.Create("\"{}[]:"u8);
    private static readonly SearchValues<byte> Deep = SearchValues.Create("\"{}[]"u8);

    private readonly byte[] _name = new byte[MostNameBytes];
    private int _nameBytes;        // more than MostNameBytes: none of those looked for
    private bool _isNamed;         // a colon followed the name: a value is next
    private int _depth;
    private int _outermost = 1;    // the depth within the outermost object; one more in a list of answers
    private bool _isWrapped;       // the object one level further in is one that events wrap an answer in
    private bool _isInText;
    private bool _isEscaped;
    private int _collectedAt;      // the depth around the object that is collected; negative for none
    private byte[]? _kept;         // only while an object lies across pieces
    private int _keptBytes;
    private bool _isTooLong;
    private TokenTally _tally;

    public UsageWalk() => Restart();

    public TokenTally Tally => _tally;

    private bool IsLookedAt => _collectedAt < 0 && (_depth == _outermost || (_depth == _outermost + 1 && _isWrapped));

    /// <summary>What comes next is another document.</summary>
    public void Restart()
    {
        Leave();
        (_depth, _outermost, _isWrapped, _isInText, _isEscaped, _isNamed, _nameBytes) = (0, 1, false, false, false, false, 0);
    }

    public void Feed(ReadOnlySpan<byte> piece)
    {
        var from = 0;              // where in this piece the collected object goes on
        for (var at = 0; at < piece.Length; at++)
        {
            if (_isInText)
            {
                at = PassText(piece, at);
                continue;
            }

            var next = piece[at..].IndexOfAny(IsLookedAt ? Shallow : Deep);
            if (next < 0)
                break;
            at += next;
            switch (piece[at])
            {
                case (byte)'"':
                    (_isInText, _isNamed, _nameBytes) = (true, false, 0);
                    break;
                case (byte)':':
                    _isNamed = true;
                    break;
                case (byte)'{' or (byte)'[':
                    if (Open(isObject: piece[at] == (byte)'{'))
                        from = at;
                    break;
                default:
                    if (_depth > 0)
                        _depth--;
                    if (_depth == _collectedAt)
                    {
                        Keep(piece[from..(at + 1)], isWhole: true);
                        Leave();
                    }

                    break;
            }
        }

        if (_collectedAt >= 0)
            Keep(piece[from..], isWhole: false);
    }

    /// <returns>True when a usage object begins here.</returns>
    private bool Open(bool isObject)
    {
        var isUsage = false;
        if (_depth == 0 && !isObject)
            _outermost = 2;
        else if (_depth == 0)
            _outermost = 1;
        if (IsLookedAt)
        {
            var name = isObject && _isNamed && _nameBytes <= MostNameBytes ? _name.AsSpan(0, _nameBytes) : default;
            isUsage = name.SequenceEqual("usage"u8) || name.SequenceEqual("usageMetadata"u8);
            if (isUsage)
                _collectedAt = _depth;
            else if (_depth == _outermost)
                _isWrapped = IsWrapper(name);
        }

        _isNamed = false;
        _depth++;
        return isUsage;
    }

    /// <summary>Responses, messages, Cohere, Groq.</summary>
    private static bool IsWrapper(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("response"u8) || name.SequenceEqual("message"u8) || name.SequenceEqual("delta"u8) || name.SequenceEqual("x_groq"u8);

    /// <returns>The index of the last byte that was passed.</returns>
    private int PassText(ReadOnlySpan<byte> piece, int at)
    {
        if (_isEscaped)
        {
            (_isEscaped, _nameBytes) = (false, MostNameBytes + 1);   // none of the names is written so
            return at;
        }

        var length = piece[at..].IndexOfAny((byte)'"', (byte)'\\');
        var text = length < 0 ? piece[at..] : piece.Slice(at, length);
        if (_nameBytes + text.Length <= MostNameBytes)
            text.CopyTo(_name.AsSpan(_nameBytes));
        _nameBytes = Math.Min(MostNameBytes + 1, _nameBytes + text.Length);
        if (length < 0)
            return piece.Length;
        if (piece[at + length] == (byte)'\\')
            _isEscaped = true;
        else
            _isInText = false;
        return at + length;
    }

    private void Keep(ReadOnlySpan<byte> part, bool isWhole)
    {
        if (_isTooLong || _keptBytes + part.Length > UsageScanner.MostObjectBytes)
        {
            _isTooLong = true;
            return;
        }

        if (isWhole && _keptBytes == 0)
        {
            _tally.Read(part);
            return;
        }

        _kept ??= ArrayPool<byte>.Shared.Rent(1024);
        if (_keptBytes + part.Length > _kept.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_keptBytes + part.Length);
            _kept.AsSpan(0, _keptBytes).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_kept);
            _kept = larger;
        }

        part.CopyTo(_kept.AsSpan(_keptBytes));
        _keptBytes += part.Length;
        if (isWhole)
            _tally.Read(_kept.AsSpan(0, _keptBytes));
    }

    private void Leave()
    {
        if (_kept is not null)
            ArrayPool<byte>.Shared.Return(_kept);
        (_kept, _keptBytes, _isTooLong, _collectedAt) = (null, 0, false, -1);
    }
}
