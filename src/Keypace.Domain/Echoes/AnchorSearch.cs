using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Keypace.Domain.Echoes;

/// <summary>
/// Looks for many short anchors in one pass (the method of Hyperscan's Teddy): the halves of three bytes in a row say at once, for sixteen places, which
/// of eight groups of anchors may stand there. What it names is checked; what it does not name is not there.
/// </summary>
internal sealed class AnchorSearch
{
    /// <summary>Bytes of an anchor.</summary>
    public const int Length = 4;

    private const int Groups = 8;
    private const int Looked = 3;   // bytes of an anchor that the masks know

    private Anchor[] _all = new Anchor[24];
    private int _count;
    private Masks _masks;
    private Vector128<byte> _low0, _high0, _low1, _high1, _low2, _high2;

    /// <param name="Text">The anchor's four bytes, as a number.</param>
    /// <param name="At">Where it stands in its form.</param>
    public readonly record struct Anchor(uint Text, int Form, int At);

    /// <summary>For each byte looked at, the groups by its lower half and by its upper half.</summary>
    [InlineArray(Looked * 2 * 16)]
    private struct Masks
    {
        private byte _first;
    }

    public void Add(ReadOnlySpan<byte> text, int form, int at)
    {
        if (_count == _all.Length)
            Array.Resize(ref _all, 2 * _count);
        var group = (byte)(1 << (_count % Groups));
        _all[_count++] = new Anchor(BitConverter.ToUInt32(text), form, at);
        for (var place = 0; place < Looked; place++)
        {
            _masks[(place * 32) + (text[place] & 15)] |= group;
            _masks[(place * 32) + 16 + (text[place] >> 4)] |= group;
        }
    }

    /// <summary>After the last one was added.</summary>
    public void Complete()
    {
        (_low0, _high0) = (Mask(0), Mask(1));
        (_low1, _high1) = (Mask(2), Mask(3));
        (_low2, _high2) = (Mask(4), Mask(5));
    }

    public static bool Is(in Anchor anchor, ReadOnlySpan<byte> text) => text.Length >= Length && BitConverter.ToUInt32(text) == anchor.Text;

    /// <summary>The first place from <paramref name="at"/> on where an anchor may stand, and which ones; negative when there is none.</summary>
    public int Next(ReadOnlySpan<byte> text, int at, out Candidates anchors)
    {
        anchors = default;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; at + Vector128<byte>.Count + Looked - 1 <= text.Length; at += Vector128<byte>.Count)
            {
                var groups = At(text[at..], _low0, _high0) & At(text[(at + 1)..], _low1, _high1) & At(text[(at + 2)..], _low2, _high2);
                if (groups == Vector128<byte>.Zero)
                    continue;
                var place = BitOperations.TrailingZeroCount(~Vector128.Equals(groups, Vector128<byte>.Zero).ExtractMostSignificantBits());
                anchors = new Candidates(_all, _count, groups[place]);
                return at + place;
            }
        }

        for (; at + Length <= text.Length; at++)
        {
            var groups = GroupsAt(text[at], 0) & GroupsAt(text[at + 1], 1) & GroupsAt(text[at + 2], 2);
            if (groups != 0)
            {
                anchors = new Candidates(_all, _count, (byte)groups);
                return at;
            }
        }

        return -1;
    }

    private int GroupsAt(byte one, int place) => _masks[(place * 32) + (one & 15)] & _masks[(place * 32) + 16 + (one >> 4)];

    private Vector128<byte> Mask(int number) => Vector128.Create(((ReadOnlySpan<byte>)_masks).Slice(number * 16, 16));

    private static Vector128<byte> At(ReadOnlySpan<byte> text, Vector128<byte> low, Vector128<byte> high)
    {
        var bytes = Vector128.Create(text);
        return Vector128.Shuffle(low, bytes & Vector128.Create((byte)15)) & Vector128.Shuffle(high, bytes >>> 4);
    }

    /// <summary>The anchors of the groups that were named. The groups take turns, so one's anchors stand eight apart.</summary>
    public readonly struct Candidates(Anchor[] all, int count, byte groups)
    {
        public Enumerator GetEnumerator() => new(all, count, groups);
    }

    public struct Enumerator(Anchor[] all, int count, byte groups)
    {
        private int _groups = groups;
        private int _next = BitOperations.TrailingZeroCount((int)groups);

        public Anchor Current { get; private set; }

        public bool MoveNext()
        {
            while (_groups != 0)
            {
                if (_next < count)
                {
                    Current = all[_next];
                    _next += Groups;
                    return true;
                }

                _groups &= _groups - 1;
                _next = BitOperations.TrailingZeroCount(_groups);
            }

            return false;
        }
    }
}
