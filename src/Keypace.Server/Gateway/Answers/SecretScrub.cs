using System.Buffers;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Stars out the key's secret where a hub sends it back. Works on the stream as it passes: a piece is held back only when it ends
/// with what could be the secret's beginning, and only that end of it. Lengths do not change. It finds a secret that stands in the bytes as it is;
/// one that a hub takes apart, over several events of a stream or in another encoding, it does not: a model never sees the key that it is asked with.
/// </summary>
internal sealed class SecretScrub(byte[] secret) : IDisposable
{
    private readonly byte[] _needle = secret;
    private readonly byte[] _held = ArrayPool<byte>.Shared.Rent(secret.Length);
    private int _heldCount;

    /// <summary>Secrets shorter than this are not looked for: they would star out ordinary words.</summary>
    public const int ShortestSecretBytes = 8;

    public static SecretScrub? For(byte[] secret) => secret.Length >= ShortestSecretBytes ? new SecretScrub(secret) : null;

    /// <summary>Bytes that <see cref="Pass"/> needs free in front of each piece, for what was held back from the one before.</summary>
    public int Room => _needle.Length;

    /// <summary>
    /// Scrubs <paramref name="count"/> new bytes that stand in <paramref name="buffer"/> from <paramref name="start"/>, which is at least <see cref="Room"/>.
    /// </summary>
    /// <returns>The range that may go out now.</returns>
    public (int From, int To) Pass(Span<byte> buffer, int start, int count)
    {
        var from = start - _heldCount;
        _held.AsSpan(0, _heldCount).CopyTo(buffer[from..]);
        var window = buffer[from..(start + count)];
        _heldCount = 0;

        var at = 0;
        int found;
        while ((found = window[at..].IndexOf(_needle)) >= 0)
        {
            window.Slice(at + found, _needle.Length).Fill((byte)'*');
            at += found + _needle.Length;
        }

        var held = TailThatCouldBegin(window[at..]);
        if (held > 0)
        {
            window[^held..].CopyTo(_held);
            _heldCount = held;
        }

        return (from, start + count - held);
    }

    /// <summary>Scrubs bytes that begin an answer. What is held back of them comes with the next piece, or as <see cref="Rest"/>.</summary>
    public ReadOnlyMemory<byte> PassWhole(ReadOnlySpan<byte> bytes)
    {
        var buffer = new byte[Room + bytes.Length];
        bytes.CopyTo(buffer.AsSpan(Room));
        var (from, to) = Pass(buffer, Room, bytes.Length);
        return buffer.AsMemory(from, to - from);
    }

    /// <summary>What is still held when the answer ends: it was not the secret after all.</summary>
    public ReadOnlyMemory<byte> Rest()
    {
        var rest = _held.AsMemory(0, _heldCount);
        _heldCount = 0;
        return rest;
    }

    /// <summary>Scrubs text that is whole, such as a header's value.</summary>
    public static string Text(string text, string secretText) => text.Contains(secretText, StringComparison.Ordinal)
        ? text.Replace(secretText, new string('*', secretText.Length), StringComparison.Ordinal)
        : text;

    public void Dispose() => ArrayPool<byte>.Shared.Return(_held);

    private int TailThatCouldBegin(ReadOnlySpan<byte> window)
    {
        var most = Math.Min(window.Length, _needle.Length - 1);
        var tail = window[^most..];
        for (var at = tail.IndexOf(_needle[0]); at >= 0;)
        {
            if (_needle.AsSpan().StartsWith(tail[at..]))
                return tail.Length - at;
            var next = tail[(at + 1)..].IndexOf(_needle[0]);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return 0;
    }
}
