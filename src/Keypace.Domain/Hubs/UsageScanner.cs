using System.Buffers;

namespace Keypace.Domain.Hubs;

/// <summary>
/// Finds the token counts in an answer while its bytes pass by, in pieces cut anywhere: a JSON answer or a stream of events, in the dialects
/// of chat completions, responses and messages, of Bedrock, Cohere and Google. It looks for the member <c>"usage"</c> (Google's is
/// <c>"usageMetadata"</c>) and reads only the object behind it, so the rest of the answer costs one vectorized search; inside a text the quotes are escaped and cannot match. Not thread-safe; one for each answer.
/// </summary>
public sealed class UsageScanner
{
    /// <summary>A longer usage object is passed over, in bytes.</summary>
    public const int MostObjectBytes = 16 * 1024;

    private State _state;
    private int _matched;          // bytes of the marker seen at the end of the last piece
    private int _depth;
    private bool _isInText;
    private bool _isEscaped;
    private byte[]? _kept;         // only while an object lies across pieces
    private int _keptBytes;
    private TokenTally _tally;

    private enum State : byte
    {
        Searching,
        InName,
        BeforeColon,
        BeforeObject,
        InObject,
    }

    private static ReadOnlySpan<byte> Marker => "\"usage"u8;

    /// <summary>How the name may go on; or it ends.</summary>
    private static ReadOnlySpan<byte> Googles => "Metadata\""u8;

    /// <summary>Tokens of the query, those read from a cache included; null while unknown.</summary>
    public long? PromptTokens => _tally.Prompt;

    /// <summary>Tokens of the answer; null while unknown.</summary>
    public long? CompletionTokens => _tally.Completion;

    /// <summary>As reported, else the sum of both; null while unknown.</summary>
    public long? TotalTokens => _tally.Total;

    /// <summary>Takes the next piece, of any length. Allocates nothing; an object that lies across pieces is put together in a pooled buffer.</summary>
    public void Feed(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            piece = _state switch
            {
                State.Searching => Search(piece),
                State.InName => EndName(piece),
                State.BeforeColon => Expect(piece, (byte)':', State.BeforeObject),
                State.BeforeObject => Expect(piece, (byte)'{', State.InObject),
                _ => Collect(piece),
            };
        }
    }

    private ReadOnlySpan<byte> Search(ReadOnlySpan<byte> piece)
    {
        if (_matched > 0)
        {
            // The marker's only border is its quote, so a mismatch falls back to zero or to one.
            var next = piece[0];
            _matched = next == Marker[_matched] ? _matched + 1 : next == Marker[0] ? 1 : 0;
            if (_matched == Marker.Length)
                (_state, _matched) = (State.InName, 0);
            return piece[1..];
        }

        var at = piece.IndexOf(Marker);
        if (at >= 0)
        {
            _state = State.InName;
            return piece[(at + Marker.Length)..];
        }

        for (var length = Math.Min(Marker.Length - 1, piece.Length); length > 0; length--)
        {
            if (piece.EndsWith(Marker[..length]))
            {
                _matched = length;
                break;
            }
        }

        return [];
    }

    private ReadOnlySpan<byte> EndName(ReadOnlySpan<byte> piece)
    {
        var isGoogles = piece[0] == Googles[_matched];
        if (isGoogles ? _matched + 1 == Googles.Length : _matched == 0 && piece[0] == (byte)'"')
            (_state, _matched) = (State.BeforeColon, 0);
        else if (isGoogles)
            _matched++;
        else
            (_state, _matched, isGoogles) = (State.Searching, 0, false);
        return isGoogles || _state is State.BeforeColon ? piece[1..] : piece;
    }

    private ReadOnlySpan<byte> Expect(ReadOnlySpan<byte> piece, byte wanted, State then)
    {
        piece = piece.TrimStart(" \t\r\n"u8);
        if (piece.IsEmpty)
            return piece;
        if (piece[0] != wanted)
        {
            _state = State.Searching;   // a text "usage", or "usage": null
            return piece;
        }

        _state = then;
        if (then != State.InObject)
            return piece[1..];
        (_depth, _isInText, _isEscaped, _keptBytes) = (0, false, false, 0);
        return piece;   // the brace belongs to the object
    }

    private ReadOnlySpan<byte> Collect(ReadOnlySpan<byte> piece)
    {
        var end = EndOfObject(piece);
        var part = end < 0 ? piece : piece[..end];
        if (end >= 0 && _keptBytes == 0)
        {
            _tally.Read(part);
        }
        else if (_keptBytes + part.Length > MostObjectBytes)
        {
            Leave();
            return piece[part.Length..];
        }
        else
        {
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
            if (end < 0)
                return [];
            _tally.Read(_kept.AsSpan(0, _keptBytes));
        }

        Leave();
        return piece[end..];
    }

    private void Leave()
    {
        if (_kept is not null)
            ArrayPool<byte>.Shared.Return(_kept);
        (_kept, _keptBytes, _state) = (null, 0, State.Searching);
    }

    /// <summary>Index behind the closing brace, or -1 when it is not in this piece.</summary>
    private int EndOfObject(ReadOnlySpan<byte> piece)
    {
        for (var index = 0; index < piece.Length; index++)
        {
            var next = piece[index];
            if (_isInText)
            {
                if (_isEscaped)
                    _isEscaped = false;
                else if (next == '\\')
                    _isEscaped = true;
                else if (next == '"')
                    _isInText = false;
            }
            else if (next == '"')
            {
                _isInText = true;
            }
            else if (next is (byte)'{' or (byte)'[')
            {
                _depth++;
            }
            else if (next is (byte)'}' or (byte)']' && --_depth == 0)
            {
                return index + 1;
            }
        }

        return -1;
    }
}
