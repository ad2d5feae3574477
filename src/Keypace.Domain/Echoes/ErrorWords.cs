using System.Buffers;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Tells an error inside an answer that is a success by its status: an event of a stream with <c>"error": {…}</c>, <c>"type": "error"</c> or <c>event: error</c>, or an
/// object with one. It may be cut anywhere. Not thread-safe.
/// </summary>
public sealed class ErrorWords
{
    private const int MostBehind = 40;    // "error_description" : and the first byte of its value
    private const int MostHeld = 64;

    private static readonly SearchValues<byte> NameLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz_"u8);

    private readonly byte[] _end = new byte[2 * MostHeld];
    private int _count;

    /// <summary>True when an error begins in this piece, or at the end of the one before.</summary>
    public bool BeginIn(ReadOnlySpan<byte> piece)
    {
        var head = piece[..Math.Min(piece.Length, MostHeld)];
        var isFound = false;
        if (_count > 0)
        {
            head.CopyTo(_end.AsSpan(_count));
            isFound = StandIn(_end.AsSpan(0, _count + head.Length));
        }

        isFound = isFound || StandIn(piece);
        if (piece.Length >= MostHeld)
        {
            piece[^MostHeld..].CopyTo(_end);
            _count = MostHeld;
            return isFound;
        }

        if (_count == 0)
            head.CopyTo(_end);
        var all = _count + head.Length;
        var kept = Math.Min(all, MostHeld);
        _end.AsSpan(all - kept, kept).CopyTo(_end);
        _count = kept;
        return isFound;
    }

    private static bool StandIn(ReadOnlySpan<byte> text)
    {
        for (var at = 0; text[at..].IndexOf("error"u8) is var next && next >= 0; at += 5)
        {
            at += next;
            var before = text[..at];
            if (before.EndsWith("event:"u8) || before.EndsWith("event: "u8) || (before.EndsWith("\""u8) && IsSaid(text[(at + 5)..])))
                return true;
        }

        return false;
    }

    /// <summary>What follows the word: a value that is not null, or nothing, where the word is a value itself.</summary>
    private static bool IsSaid(ReadOnlySpan<byte> behind)
    {
        behind = behind[..Math.Min(behind.Length, MostBehind)];
        var end = behind.IndexOf((byte)'"');
        if (end < 0 || behind[..end].ContainsAnyExcept(NameLetters))
            return false;
        behind = behind[(end + 1)..].TrimStart(" \t\r\n"u8);
        if (behind is not [(byte)':', ..])
            return !behind.IsEmpty;
        behind = behind[1..].TrimStart(" \t\r\n"u8);
        return !behind.IsEmpty && !"null"u8.StartsWith(behind[..Math.Min(behind.Length, 4)]);
    }
}
