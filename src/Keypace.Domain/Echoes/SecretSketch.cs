using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Keypace.Domain.Vault;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Tells of most texts, at the cost of reading some of their bytes, that nothing of a secret stands in them in any of its clothes; what it does not rule out, a
/// <see cref="SecretEcho"/> looks at. It is kept between queries, which the secret never is: of every four bytes in a row of every form four bits are noted, at places that depend on
/// a random number of the sketch, in a field where they are no more than one in four.
/// </summary>
public sealed class SecretSketch
{
    /// <summary>Places of a text that are looked at are no further apart, however long the pieces are that tell.</summary>
    private const int MostStep = 5;

    /// <summary>Of the field for each four bytes: four are set, so a place that holds nothing passes for one that does once in some hundreds.</summary>
    private const int BitsEach = 16;

    private const int Probes = 4;

    private readonly EscapeReader _escapes;
    private readonly ulong[] _bits;
    private readonly ulong _mixing;
    private readonly int _width;   // of a place in the field, in bits
    private readonly int _step;
    private readonly UInt128 _ends;          // characters, of ASCII, behind which something to be found may go on
    private readonly bool _endsBeyondAscii;

    /// <param name="secret">At least <see cref="SecretEcho.ShortestSecretBytes"/> long.</param>
    public SecretSketch(ReadOnlySpan<byte> secret, RandomBytes random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<byte> mixing = stackalloc byte[sizeof(ulong)];
        random(mixing);
        _mixing = MemoryMarshal.Read<ulong>(mixing) | 1;
        using var forms = new SecretForms(secret, isStrict: true);
        _escapes = forms.Escapes;
        _step = Math.Clamp(forms.ShortestTelling - GramTable.Length + 1, 1, MostStep);
        _width = Math.Clamp(BitOperations.Log2((uint)forms.TextEnd) + 1 + BitOperations.Log2(BitsEach), 12, 16);
        _bits = new ulong[(1 << _width) / 64];
        foreach (ref readonly var form in forms.All)
            Note(forms.TextOf(form), form.Is64);
        for (var one = 0; one < 128; one++)
        {
            if (forms.Has((byte)one) || EscapeReader.MayEndWith((byte)one))
                _ends |= UInt128.One << one;
        }

        _endsBeyondAscii = forms.TextOf(forms.All[0]).ContainsAnyInRange((byte)128, (byte)255);
    }

    /// <summary>True when a text that is whole holds nothing of the secret. False says nothing.</summary>
    public bool RulesOut(ReadOnlySpan<byte> text)
    {
        if (_escapes.FirstIn(text) >= 0)
            return false;
        ref var start = ref MemoryMarshal.GetReference(text);
        for (var at = 0; at <= text.Length - GramTable.Length; at += _step)
        {
            if (Has(Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, at))))
                return false;
        }

        return true;
    }

    /// <summary>True when it does, and nothing at its end could be the beginning of what is to be found, whatever comes behind.</summary>
    public bool RulesOutToEnd(ReadOnlySpan<byte> text) => (text.IsEmpty || !MayGoOn(text[^1])) && RulesOut(text);

    private bool MayGoOn(byte last) => last < 128 ? ((_ends >> last) & 1) != 0 : _endsBeyondAscii;

    private void Note(ReadOnlySpan<byte> form, bool is64)
    {
        for (var at = 0; at + GramTable.Length <= form.Length; at++)
        {
            var gram = MemoryMarshal.Read<uint>(form[at..]);
            Note(gram);
            if (is64)
                Note(GramTable.InUrl(gram));
        }
    }

    private void Note(uint gram)
    {
        var mixed = Mixed(gram);
        for (var probe = 0; probe < Probes; probe++, mixed >>= _width)
            _bits[(int)(mixed & (ulong)((1 << _width) - 1)) >> 6] |= 1UL << (int)(mixed & 63);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Has(uint gram)
    {
        var mixed = Mixed(gram);
        for (var probe = 0; probe < Probes; probe++, mixed >>= _width)
        {
            if ((_bits[(int)(mixed & (ulong)((1 << _width) - 1)) >> 6] & (1UL << (int)(mixed & 63))) == 0)
                return false;
        }

        return true;
    }

    /// <summary>Letters without their case, then multiplied, with the upper half put over the lower: in each place all four bytes have a say.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Mixed(uint gram)
    {
        var product = (gram | 0x20202020UL) * _mixing;
        return (product ^ (product >> 32)) * 0x9E3779B97F4A7C15UL;
    }
}
