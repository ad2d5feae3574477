using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Finds a secret in what somebody sends back, in whatever clothes (<see cref="SecretForms"/>): as it is, in base64 at each of its alignments and in the URL's alphabet,
/// in base64 of base64, in base32, in hex, and any of these with characters escaped (<see cref="EscapeReader"/>), also twice. A piece of half its length counts as the whole,
/// for two events of a stream may carry half each, and so does a run of eight characters that is no word; where it is strict, as with errors, any run of eight does.
/// Not thread-safe. Dispose wipes what was made of the secret.
/// </summary>
public sealed class SecretEcho : IDisposable
{
    /// <summary>Secrets shorter than this are not looked for: they would star out ordinary words.</summary>
    public const int ShortestSecretBytes = 8;

    /// <summary>Escapes of escapes of escapes are read, and no more.</summary>
    private const int MostLevels = 3;

    /// <summary>Bytes that one character takes then: an escape is six.</summary>
    private const int MostEscaped = 6 * 6 * 6;

    /// <summary>What is held rarely reaches further back than this: more of the end is looked at only where it seems to.</summary>
    private const int NearEnd = 1024;

    private const byte Star = (byte)'*';

    private readonly SecretForms _forms;
    private readonly GramTable _grams;
    private readonly bool _isStrict;
    private readonly int _most;

    /// <summary>A piece of a form that was found.</summary>
    private readonly record struct Piece(int From, int To, bool IsEnough);

    /// <param name="secret">At least <see cref="ShortestSecretBytes"/> long.</param>
    public SecretEcho(ReadOnlySpan<byte> secret, bool isStrict)
    {
        (_isStrict, _most) = (isStrict, MostHeld(secret.Length));
        _forms = new SecretForms(secret, isStrict);
        _grams = new GramTable(_forms);
    }

    /// <summary>Never more bytes than this are held at an end: the secret escaped three times over, and no more than a piece of an answer.</summary>
    public static int MostHeld(int secretBytes) => Math.Min((MostEscaped * secretBytes) + 16, 16 * 1024);

    /// <summary>Stars out what is found. Lengths do not change.</summary>
    /// <param name="isEnd">False when more is to come: what reaches the end is left as it is then, for <see cref="HeldAtEnd"/>.</param>
    public bool StarOut(Span<byte> window, bool isEnd) => StarOut(window, isEnd, 0);

    /// <summary>How many bytes at the end could be the beginning of something to be found.</summary>
    public int HeldAtEnd(ReadOnlySpan<byte> window, int most)
    {
        if (window.IsEmpty || (!_forms.Has(window[^1]) && !EscapeReader.MayEndWith(window[^1])))
            return 0;
        return HeldWithin(window[^Math.Min(window.Length, most)..], 0);
    }

    public void Dispose()
    {
        _grams.Dispose();
        _forms.Dispose();
    }

    private bool StarOut(Span<byte> window, bool isEnd, int level)
    {
        var whole = isEnd ? window : window[..^EscapeReader.CutAtEnd(window)];
        if (level == MostLevels || _forms.Escapes.FirstIn(whole) is not (>= 0 and var first))
            return StarPlain(whole, isEnd);
        // Escapes first: starred out plainly, the half that has none would leave the other half too short to be found. And what may go on is left alone.
        var found = StarEscaped(whole[Math.Max(0, first - _forms.Longest)..], isEnd, level);
        return StarPlain(isEnd ? whole : whole[..^HeldWithin(whole[^Math.Min(whole.Length, _most)..], level)], isEnd) || found;
    }

    private bool StarEscaped(Span<byte> window, bool isEnd, int level)
    {
        var plain = ArrayPool<byte>.Shared.Rent(window.Length);
        var read = plain.AsSpan(0, _forms.Escapes.Read(window, plain));
        var found = StarOut(read, isEnd, level + 1);
        if (found)
        {
            var origins = ArrayPool<int>.Shared.Rent(read.Length + 1);
            _forms.Escapes.Origins(window, origins);
            for (var at = 0; at < read.Length; at++)
            {
                if (read[at] == Star)
                    window[origins[at]..origins[at + 1]].Fill(Star);
            }

            ArrayPool<int>.Shared.Return(origins);
        }

        ArrayPool<byte>.Shared.Return(plain);
        return found;
    }

    private int HeldWithin(ReadOnlySpan<byte> end, int level)
    {
        for (var near = NearEnd; ; near *= 4)
        {
            var held = Held(end[^Math.Min(end.Length, near)..], level);
            if (near >= end.Length || held < near / 2)
                return held;
        }
    }

    private int Held(ReadOnlySpan<byte> tail, int level)
    {
        var cut = EscapeReader.CutAtEnd(tail);
        var whole = tail[..^cut];
        if (level == MostLevels || _forms.Escapes.FirstIn(whole) < 0)
            return cut + Suffix(whole);
        var plain = ArrayPool<byte>.Shared.Rent(whole.Length);
        var read = plain.AsSpan(0, _forms.Escapes.Read(whole, plain));
        var held = Held(read, level + 1);
        if (held > 0)
        {
            var origins = ArrayPool<int>.Shared.Rent(read.Length + 1);
            _forms.Escapes.Origins(whole, origins);
            held = whole.Length - origins[read.Length - held];
            ArrayPool<int>.Shared.Return(origins);
        }

        ArrayPool<byte>.Shared.Return(plain);
        return cut + Math.Max(held, Suffix(whole));
    }

    private bool StarPlain(Span<byte> window, bool isEnd)
    {
        var found = false;
        for (var at = 0; Next(window, ref at, isEnd) is { To: > 0 } piece; at = Math.Max(at, piece.To))
        {
            window[piece.From..piece.To].Fill(Star);
            found = true;
        }

        return found;
    }

    /// <summary>The next piece that is long enough; an end of 0 when there is none. <paramref name="at"/> is where to go on from.</summary>
    private Piece Next(ReadOnlySpan<byte> window, ref int at, bool isEnd)
    {
        var (step, last) = (_grams.Step, window.Length - GramTable.Length);
        ref var start = ref MemoryMarshal.GetReference(window);
        while (at <= last)
        {
            var entry = _grams.First(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, at)));
            at += step;
            if (entry == 0)
                continue;
            var best = default(Piece);
            for (; entry != 0; entry = _grams.After(entry))
            {
                var piece = PieceAt(window, at - step, entry);
                var (length, longest) = (piece.To - piece.From, best.To - best.From);
                if (piece.IsEnough == best.IsEnough ? length > longest || (length == longest && piece.To == window.Length) : piece.IsEnough)
                    best = piece;
            }

            // What reaches the end may become longer with the next bytes, in one form if not in another.
            if (best.IsEnough && (isEnd || best.To < window.Length))
                return best;
        }

        return default;
    }

    private Piece PieceAt(ReadOnlySpan<byte> window, int hit, int entry)
    {
        var (place, number) = _grams.At(entry);
        ref readonly var form = ref _forms.All[number];
        var text = _forms.TextOf(form);
        var middle = place - form.At;
        var (from, to, inForm) = (hit, hit, middle);
        for (var i = middle; to < window.Length && i < text.Length && SecretForms.Folded(window[to], form.Is64) == text[i]; i++)
            to++;
        if (to - hit < GramTable.Length)
            return default;
        for (; from > 0 && inForm > 0 && SecretForms.Folded(window[from - 1], form.Is64) == text[inForm - 1]; inForm--)
            from--;
        var length = to - from;
        var isEnough = length >= form.Least && (length >= SecretForms.TellingRun || !IsWord(window[from..to]));
        if (!isEnough && !_isStrict && length - Math.Max(0, form.Untold - inForm) >= form.Telling)
            isEnough = form.Telling > SecretForms.TellingRun || !IsWord(window[(from + Math.Max(0, form.Untold - inForm))..to]);   // nothing encoded is a word
        return new Piece(from, to, isEnough);
    }

    /// <summary>Letters alone, or digits alone, with what may stand between words.</summary>
    private static bool IsWord(ReadOnlySpan<byte> piece)
    {
        var (letters, digits) = (false, false);
        foreach (var one in piece)
        {
            letters |= char.IsAsciiLetter((char)one);
            digits |= char.IsAsciiDigit((char)one);
        }

        return !letters || !digits;
    }

    /// <summary>The longest end of the text that stands somewhere in a form.</summary>
    private int Suffix(ReadOnlySpan<byte> text)
    {
        var most = 0;
        while (most < Math.Min(text.Length, _forms.Longest) && _forms.Has(text[^(most + 1)]))
            most++;
        if (most == 0)
            return 0;
        text = text[^most..];
        var folded = ArrayPool<byte>.Shared.Rent(most);
        var length = 0;
        foreach (var is64 in (ReadOnlySpan<bool>)[false, true])
        {
            SecretForms.Fold(text, folded, is64);
            while (length < most && StandsInForm(folded.AsSpan((most - length - 1)..most), is64))
                length++;
        }

        ArrayPool<byte>.Shared.Return(folded);
        return length;
    }

    private bool StandsInForm(ReadOnlySpan<byte> piece, bool is64)
    {
        foreach (ref readonly var form in _forms.All)
        {
            if (form.Is64 == is64 && _forms.TextOf(form).IndexOf(piece) >= 0)
                return true;
        }

        return false;
    }
}
