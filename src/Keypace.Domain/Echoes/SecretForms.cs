using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Keypace.Domain.Echoes;

/// <summary>A secret in all the clothes that are looked for, one behind the other in one piece of memory. Dispose wipes it.</summary>
internal sealed class SecretForms : IDisposable
{
    /// <summary>A run of so many of the secret's characters is told apart from a word.</summary>
    public const int TellingRun = 8;

    /// <summary>What eight characters are at least in base32, and in base64 of base64, whatever stands around them.</summary>
    private const int OddlyWornRun = 12;

    /// <summary>A beginning that all keys of a kind have is no longer than this, in characters.</summary>
    private const int LongestBeginning = 16;

    private const int MostForms = 24;

    /// <summary>Longer secrets are not looked for in base32 and in clothes inside clothes, in bytes.</summary>
    private const int LongestOddlyWorn = 512;

    private readonly byte[] _text;
    private readonly Form[] _all = new Form[MostForms];
    private readonly bool _isStrict;
    private int _count;

    /// <param name="At">Where it stands in the text.</param>
    /// <param name="Least">So many bytes of it in a row are a piece of the secret, whatever they are.</param>
    /// <param name="Telling">So many are, too, where they are no word: not more than <see cref="Least"/>.</param>
    /// <param name="Untold">So many at its beginning are not the secret's own, such as <c>sk-proj-</c>.</param>
    /// <param name="Is64">Base64, where capitals count and <c>+</c> and <c>-</c> are one, and <c>/</c> and <c>_</c>; in all others capitals do not.</param>
    public readonly record struct Form(int At, int Length, int Least, int Telling, int Untold, bool Is64);

    public SecretForms(ReadOnlySpan<byte> secret, bool isStrict)
    {
        var n = secret.Length;
        _isStrict = isStrict;
        _text = ArrayPool<byte>.Shared.Rent((44 * n) + 512);
        var beginning = isStrict ? 0 : BeginningOf(secret);
        Escapes = new EscapeReader(secret);

        Fold(secret, Room, is64: false);
        Add(n, beginning, 1, 1, is64: false);
        var read = Escapes.Read(secret, Room);
        if (read != n && read >= TellingRun)     // a secret with an escape in it is also what that means
        {
            Fold(Room[..read], Room, is64: false);
            Add(read, 0, 1, 1, is64: false);
        }

        Convert.TryToHexStringLower(secret, Room, out _);
        Add(2 * n, 2 * beginning, 2, 1, is64: false);
        for (var shift = 0; shift < 3; shift++)
            AddBase64(secret, beginning, shift);
        if (n > LongestOddlyWorn)
            return;
        for (var shift = 0; shift < 5; shift++)
            AddBase32(secret, shift);
        AddBase64Twice(secret);
    }

    public ReadOnlySpan<Form> All => _all.AsSpan(0, _count);

    /// <summary>All forms' bytes.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, TextEnd);

    public int TextEnd { get; private set; }

    /// <summary>Length of the longest form.</summary>
    public int Longest { get; private set; }

    /// <summary>No piece that tells is shorter.</summary>
    public int ShortestTelling { get; private set; } = int.MaxValue;

    public EscapeReader Escapes { get; }

    private Span<byte> Room => _text.AsSpan(TextEnd);

    public ReadOnlySpan<byte> TextOf(in Form form) => _text.AsSpan(form.At, form.Length);

    /// <summary>A character without what does not count in it.</summary>
    public static byte Folded(byte one, bool is64) => is64
        ? one switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', _ => one }
        : one is >= (byte)'A' and <= (byte)'Z' ? (byte)(one | 0x20) : one;

    public static void Fold(ReadOnlySpan<byte> text, Span<byte> folded, bool is64)
    {
        for (var at = 0; at < text.Length; at++)
            folded[at] = Folded(text[at], is64);
    }

    /// <summary>False for a byte that stands in no form.</summary>
    public bool Has(byte one) =>
        char.IsAsciiLetterOrDigit((char)one) || one is (byte)'+' or (byte)'/' or (byte)'-' or (byte)'_' || TextOf(_all[0]).Contains(one);

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_text);
        ArrayPool<byte>.Shared.Return(_text);
    }

    /// <summary>Length of what all keys of this kind begin with: <c>sk-ant-api03-</c>, or the first part of a JSON Web Token.</summary>
    private static int BeginningOf(ReadOnlySpan<byte> secret)
    {
        if (secret.StartsWith("eyJ"u8) && secret.IndexOf((byte)'.') is var dot && dot > 0 && dot < secret.Length / 2)
            return dot + 1;
        var end = 0;
        for (var at = 0; at < Math.Min(LongestBeginning, secret.Length / 2); at++)
        {
            if (secret[at] is (byte)'-' or (byte)'_')
                end = at + 1;
            else if (!char.IsAsciiLetterLower((char)secret[at]) && !char.IsAsciiDigit((char)secret[at]))
                break;
        }

        return end;
    }

    /// <summary>What stands at the beginning of the room becomes a form, of so many characters for each byte of the secret.</summary>
    private void Add(int length, int untold, int characters, int bytes, bool is64 = true)
    {
        var telling = TellingRun * characters / bytes;   // so many are of these bytes alone, wherever they begin
        if (length == 0)
            return;
        var half = (length + 1) / 2;
        var least = _isStrict ? Math.Min(telling, half) : half;
        // A word of an answer that is also in the secret stays: a piece shorter than half is one only where it is longer than words that tell nothing.
        Put(new Form(TextEnd, length, Math.Min(least, length), Math.Min(Math.Min(least, telling), length), untold, is64));
    }

    /// <summary>A form that nobody wears by chance: half of it at least is looked for, which costs little; in errors what eight characters are in it.</summary>
    private void AddOddlyWorn(int length, bool is64)
    {
        var least = _isStrict ? Math.Min(OddlyWornRun, (length + 1) / 2) : (length + 1) / 2;
        if (length > 0)
            Put(new Form(TextEnd, length, least, least, 0, is64));
    }

    private void Put(in Form form)
    {
        _all[_count++] = form;
        (TextEnd, Longest, ShortestTelling) = (TextEnd + form.Length, Math.Max(Longest, form.Length), Math.Min(ShortestTelling, form.Telling));
    }

    /// <summary>The characters that are the secret's alone, whatever stands before and behind it.</summary>
    private void AddBase64(ReadOnlySpan<byte> secret, int beginning, int shift)
    {
        var length = Base64Of(secret, shift, Room);
        var untold = beginning == 0 ? 0 : Math.Max(0, Up(8 * (beginning + shift), 6) - Up(8 * shift, 6));
        Add(length, untold, 8, 6);
    }

    /// <summary>The base64 of the secret, in base64 once more: of each alignment what is the secret's alone, for anything may stand before it.</summary>
    private void AddBase64Twice(ReadOnlySpan<byte> secret)
    {
        var inner = ArrayPool<byte>.Shared.Rent((2 * secret.Length) + 16);
        for (var within = 0; within < 3; within++)
        {
            var count = Base64Of(secret, within, inner);
            for (var shift = 0; shift < 3; shift++)
                AddOddlyWorn(Base64Of(inner.AsSpan(0, count), shift, Room), is64: true);
        }

        CryptographicOperations.ZeroMemory(inner);
        ArrayPool<byte>.Shared.Return(inner);
    }

    private static int Base64Of(ReadOnlySpan<byte> secret, int shift, Span<byte> room)
    {
        room[..shift].Clear();
        secret.CopyTo(room[shift..]);
        Base64.EncodeToUtf8InPlace(room, secret.Length + shift, out _);
        var (from, to) = (Up(8 * shift, 6), 8 * (secret.Length + shift) / 6);
        room[from..to].CopyTo(room);
        return to - from;
    }

    private void AddBase32(ReadOnlySpan<byte> secret, int shift)
    {
        var room = Room;
        var alphabet = "abcdefghijklmnopqrstuvwxyz234567"u8;
        var (from, to) = (Up(8 * shift, 5), 8 * (secret.Length + shift) / 5);
        var (bits, held, next) = (0u, 0, 0);
        var skipped = (5 * from) - (8 * shift);
        for (var character = from; character < to; character++)
        {
            while (held < 5 + skipped)
            {
                bits = (bits << 8) | secret[next++];
                held += 8;
            }

            (held, skipped) = (held - 5 - skipped, 0);
            room[character - from] = alphabet[(int)(bits >> held) & 31];
        }

        AddOddlyWorn(to - from, is64: false);
    }

    private static int Up(int dividend, int divisor) => (dividend + divisor - 1) / divisor;
}
