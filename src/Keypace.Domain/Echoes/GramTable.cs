using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Where four bytes in a row stand in the forms of a secret. Of a form every few places are noted, of a text every few are looked at: the two numbers have no common
/// divisor, so a piece that is long enough holds a place that is both. The cost of a text does not grow with the number of forms, nor with what it holds.
/// </summary>
internal sealed class GramTable : IDisposable
{
    /// <summary>Bytes looked at together.</summary>
    public const int Length = 4;

    private const int MostStep = 3;   // more costs less for a long text, and more for a short one, where noting the forms is most of it

    private readonly int[] _places;
    private readonly ushort[] _heads;
    private readonly int _shift;
    private int _count;

    public GramTable(SecretForms forms)
    {
        Step = Math.Clamp(forms.ShortestTelling - Length + 1, 1, MostStep);
        var most = 1;
        foreach (var form in forms.All)
            most += ((form.Length / StepIn(form)) + 1) * (form.Is64 ? 2 : 1);
        var bits = Math.Clamp(BitOperations.Log2((uint)most) + 3, 9, 14);
        _shift = 32 - bits;
        _heads = ArrayPool<ushort>.Shared.Rent(1 << bits);
        _heads.AsSpan(0, 1 << bits).Clear();
        _places = ArrayPool<int>.Shared.Rent(2 * most);
        _count = 1;
        for (var number = 0; number < forms.All.Length; number++)
            Add(forms, number);
    }

    /// <summary>Of a text, one place of so many is looked at.</summary>
    public int Step { get; }

    /// <summary>The first entry for the four bytes at this place; 0 when there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int First(uint gram) => Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_heads), Slot(gram));

    /// <summary>Where the entry stands: a place in the forms' text, and the form's number.</summary>
    public (int Place, int Form) At(int entry) => (_places[2 * entry] & 0xFFFFFF, (int)((uint)_places[2 * entry] >> 24));

    /// <summary>The next entry of the same slot; 0 behind the last.</summary>
    public int After(int entry) => _places[(2 * entry) + 1];

    public void Dispose()
    {
        _heads.AsSpan(0, 1 << (32 - _shift)).Clear();
        _places.AsSpan(0, 2 * _count).Clear();
        ArrayPool<ushort>.Shared.Return(_heads);
        ArrayPool<int>.Shared.Return(_places);
    }

    private void Add(SecretForms forms, int number)
    {
        var form = forms.All[number];
        var text = forms.TextOf(form);
        var step = StepIn(form);
        for (var at = 0; at + Length <= text.Length && _count < ushort.MaxValue - 1; at += step)
        {
            var gram = MemoryMarshal.Read<uint>(text[at..]);
            Note(gram, (form.At + at) | (number << 24));
            if (form.Is64 && text.Slice(at, Length).ContainsAny((byte)'+', (byte)'/'))
                Note(InUrl(gram), (form.At + at) | (number << 24));
        }
    }

    /// <summary>Four bytes of base64 as the URL's alphabet has them.</summary>
    public static uint InUrl(uint gram)
    {
        var bytes = MemoryMarshal.AsBytes(new Span<uint>(ref gram));
        bytes.Replace((byte)'+', (byte)'-');
        bytes.Replace((byte)'/', (byte)'_');
        return gram;
    }

    private void Note(uint gram, int place)
    {
        ref var head = ref _heads[Slot(gram)];
        _places[2 * _count] = place;
        _places[(2 * _count) + 1] = head;
        head = (ushort)_count++;
    }

    /// <summary>So small that a piece of the form's telling length holds a noted place that the text is looked at.</summary>
    private int StepIn(in SecretForms.Form form)
    {
        var most = Math.Max(1, (form.Telling - Length + 1) / Step);
        while (CommonDivisor(most, Step) > 1)
            most--;
        return most;
    }

    private static int CommonDivisor(int one, int other) => other == 0 ? one : CommonDivisor(other, one % other);

    /// <summary>Letters without their case.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Slot(uint gram) => (int)(((gram | 0x20202020) * 0x9E3779B1u) >> _shift);
}
