using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Finds a secret in what somebody sends back, in whatever clothes: as it is, in base64 at each of its three alignments and in the URL's alphabet, in hex, and any of
/// these with characters escaped (<c>%73</c>, <c>\u0073</c>, <c>\x73</c>, <c>&amp;#x73;</c>). A piece of half its length counts as the whole, for two events of a
/// stream may carry half each; where one is strict, as with errors, a run of eight characters does. Not thread-safe. Dispose wipes what was made of the secret.
/// </summary>
public sealed class SecretEcho : IDisposable
{
    /// <summary>Secrets shorter than this are not looked for: they would star out ordinary words.</summary>
    public const int ShortestSecretBytes = 8;

    /// <summary>A run of so many of the secret's characters is told apart from a word.</summary>
    private const int TellingRun = 8;

    private const byte Star = (byte)'*';

    private readonly byte[] _text;
    private readonly Form[] _forms = new Form[9];
    private readonly AnchorSearch _anchors = new();
    private int _formCount;
    private int _textEnd;

    /// <param name="At">Where the form stands in <see cref="_text"/>.</param>
    /// <param name="Least">So many bytes of it in a row are starred out.</param>
    private readonly record struct Form(int At, int Length, int Least);

    /// <param name="secret">At least <see cref="ShortestSecretBytes"/> long.</param>
    public SecretEcho(ReadOnlySpan<byte> secret, bool isStrict)
    {
        var n = secret.Length;
        _text = ArrayPool<byte>.Shared.Rent((14 * n) + 64);
        secret.CopyTo(_text);
        Add(n, isStrict ? TellingRun : Math.Max(TellingRun, (n + 1) / 2));
        Convert.TryToHexStringLower(secret, _text.AsSpan(_textEnd), out _);
        Add(2 * n, isStrict ? 2 * TellingRun : Math.Max(2 * TellingRun, n));
        Convert.TryToHexString(secret, _text.AsSpan(_textEnd), out _);
        Add(2 * n, isStrict ? 2 * TellingRun : Math.Max(2 * TellingRun, n));

        for (var shift = 0; shift < 3; shift++)
            AddBase64(secret, shift, isStrict);
        for (var form = 0; form < _formCount; form++)
            AddAnchors(form);
        _anchors.Complete();
    }

    /// <summary>Never more bytes than this are held at an end: the secret in hex with every digit escaped, and no more than a piece of an answer.</summary>
    public static int MostHeld(int secretBytes) => Math.Min((14 * secretBytes) + 16, 16 * 1024);

    /// <summary>Stars out what is found. Lengths do not change.</summary>
    /// <param name="isEnd">False when more is to come: what reaches the end is left as it is then, for <see cref="HeldAtEnd"/>.</param>
    public bool StarOut(Span<byte> window, bool isEnd)
    {
        var whole = isEnd ? window : window[..^EscapedText.CutAtEnd(window)];
        if (EscapedText.FirstIn(whole) < 0)
            return StarPlain(whole, isEnd);
        // Escapes first: starred out plainly, the half that has none would leave the other half too short to be found. And what may go on is left alone.
        var found = StarEscaped(whole, isEnd);
        return StarPlain(isEnd ? whole : whole[..^HeldAtEnd(whole, whole.Length)], isEnd) || found;
    }

    /// <summary>How many bytes at the end could be the beginning of something to be found.</summary>
    public int HeldAtEnd(ReadOnlySpan<byte> window, int most)
    {
        if (window.IsEmpty || (!IsInForms(window[^1]) && !EscapedText.MayEndIn(window[^1])))
            return 0;
        var tail = window[^Math.Min(window.Length, most)..];
        var cut = EscapedText.CutAtEnd(tail);
        if (cut == 0 && EscapedText.FirstIn(tail) < 0)
            return Suffix(tail);

        var (plain, origins) = (ArrayPool<byte>.Shared.Rent(tail.Length), ArrayPool<int>.Shared.Rent(tail.Length + 1));
        var count = EscapedText.Read(tail[..^cut], plain, origins);
        var held = Suffix(plain.AsSpan(0, count));
        var from = origins[count - held];
        Return(plain, origins);
        return tail.Length - from;
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_text);
        ArrayPool<byte>.Shared.Return(_text);
    }

    private ReadOnlySpan<byte> TextOf(in Form form) => _text.AsSpan(form.At, form.Length);

    /// <summary>False for a byte that stands in no form: hex and base64 have these, and the first form is the secret itself.</summary>
    private bool IsInForms(byte one) =>
        char.IsAsciiLetterOrDigit((char)one) || one is (byte)'+' or (byte)'/' or (byte)'-' or (byte)'_' || TextOf(_forms[0]).Contains(one);

    private void Add(int length, int least)
    {
        if (length < least)
            return;
        _forms[_formCount++] = new Form(_textEnd, length, least);
        _textEnd += length;
    }

    /// <summary>The characters that are the secret's alone, whatever stands before and behind it.</summary>
    private void AddBase64(ReadOnlySpan<byte> secret, int shift, bool isStrict)
    {
        var room = _text.AsSpan(_textEnd);
        room[..shift].Clear();
        secret.CopyTo(room[shift..]);
        Base64.EncodeToUtf8InPlace(room, secret.Length + shift, out _);
        var (from, to) = (((8 * shift) + 5) / 6, 8 * (secret.Length + shift) / 6);
        room[from..to].CopyTo(room);
        var length = to - from;
        var core = room[..length];
        var isPlain = !core.ContainsAny((byte)'+', (byte)'/');
        var least = isStrict ? TellingRun + 2 : Math.Max(TellingRun + 2, (length + 1) / 2);
        Add(length, least);
        if (isPlain || length < least)
            return;
        var url = _text.AsSpan(_textEnd, length);
        core.CopyTo(url);
        url.Replace((byte)'+', (byte)'-');
        url.Replace((byte)'/', (byte)'_');
        Add(length, least);
    }

    /// <summary>So many that each piece of the least length holds one whole.</summary>
    private void AddAnchors(int number)
    {
        var form = _forms[number];
        var step = form.Least - AnchorSearch.Length + 1;
        for (var at = step - 1; at + AnchorSearch.Length <= form.Length; at += step)
            _anchors.Add(TextOf(form).Slice(at, AnchorSearch.Length), number, at);
    }

    private bool StarPlain(Span<byte> window, bool isEnd)
    {
        var found = false;
        for (var at = 0; Next(window, ref at, isEnd) is var (from, to) && to > 0; at = Math.Max(at, to))
        {
            window[from..to].Fill(Star);
            found = true;
        }

        return found;
    }

    private bool StarEscaped(Span<byte> window, bool isEnd)
    {
        var (plain, origins) = (ArrayPool<byte>.Shared.Rent(window.Length), ArrayPool<int>.Shared.Rent(window.Length + 1));
        var count = EscapedText.Read(window, plain, origins);
        var read = plain.AsSpan(0, count);
        var found = false;
        for (var at = 0; Next(read, ref at, isEnd) is var (from, to) && to > 0; at = Math.Max(at, to))
        {
            read[from..to].Fill(Star);
            window[origins[from]..origins[to]].Fill(Star);
            found = true;
        }

        Return(plain, origins);
        return found;
    }

    /// <summary>The next piece that is long enough; an end of 0 when there is none. <paramref name="at"/> is where to go on from.</summary>
    private (int From, int To) Next(ReadOnlySpan<byte> window, ref int at, bool isEnd)
    {
        while (_anchors.Next(window, at, out var anchors) is var hit && hit >= 0)
        {
            var (longestFrom, longestTo, isLongEnough) = (0, 0, false);
            foreach (var anchor in anchors)
            {
                if (!AnchorSearch.Is(anchor, window[hit..]))
                    continue;
                var form = _forms[anchor.Form];
                var text = TextOf(form);
                var to = hit + window[hit..].CommonPrefixLength(text[anchor.At..]);
                var from = hit;
                for (var i = anchor.At; i > 0 && from > 0 && window[from - 1] == text[i - 1]; i--)
                    from--;
                if (to - from <= longestTo - longestFrom && !(to == window.Length && to - from == longestTo - longestFrom))
                    continue;
                (longestFrom, longestTo, isLongEnough) = (from, to, to - from >= form.Least);
            }

            at = hit + 1;
            // What reaches the end may become longer with the next bytes, in one form if not in another.
            if (isLongEnough && (isEnd || longestTo < window.Length))
                return (longestFrom, longestTo);
        }

        return default;
    }

    /// <summary>The longest end of the text that stands somewhere in a form.</summary>
    private int Suffix(ReadOnlySpan<byte> text)
    {
        var length = 0;
        while (length < text.Length && StandsInForm(text[^(length + 1)..]))
            length++;
        return length;
    }

    private bool StandsInForm(ReadOnlySpan<byte> piece)
    {
        if (!IsInForms(piece[0]))
            return false;
        foreach (var form in _forms.AsSpan(0, _formCount))
        {
            if (TextOf(form).IndexOf(piece) >= 0)
                return true;
        }

        return false;
    }

    private static void Return(byte[] plain, int[] origins)
    {
        ArrayPool<byte>.Shared.Return(plain);
        ArrayPool<int>.Shared.Return(origins);
    }
}
