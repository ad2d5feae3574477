namespace Keypace.Domain.Pacing;

/// <summary>Sorted stamps, oldest first, in a ring whose size is a power of two. Appending, the usual case, is O(1).</summary>
internal struct StampRing
{
    private const int Smallest = 4;

    private long[]? _ring;
    private int _head;

    public int Count { get; private set; }

    public readonly long this[int index] => _ring![(_head + index) & (_ring.Length - 1)];

    /// <summary>Stamps mostly come in order; a late one moves those after it by one place.</summary>
    public void Insert(long stamp)
    {
        if (_ring is null || Count == _ring.Length)
            Resize(Math.Max(Smallest, Count * 2));

        var mask = _ring!.Length - 1;
        var place = Count;
        while (place > 0 && _ring[(_head + place - 1) & mask] > stamp)
        {
            _ring[(_head + place) & mask] = _ring[(_head + place - 1) & mask];
            place--;
        }

        _ring[(_head + place) & mask] = stamp;
        Count++;
    }

    public void InsertMany(long stamp, int count)
    {
        if (count <= 0)
            return;

        var size = _ring?.Length ?? Smallest;
        while (size < Count + count)
            size *= 2;

        Resize(size);
        var place = CountUpTo(stamp);
        Array.Copy(_ring!, place, _ring!, place + count, Count - place);   // Resize has put the oldest at 0
        Array.Fill(_ring!, stamp, place, count);
        Count += count;
    }

    public void DropOldest()
    {
        _head = (_head + 1) & (_ring!.Length - 1);
        Count--;
        if (_ring.Length > Smallest * 16 && Count < _ring.Length / 4)
        {
            Resize(_ring.Length / 2);   // a limit that was lowered gives its memory back
        }
    }

    /// <summary>How many are at or before <paramref name="at"/>; O(log n).</summary>
    public readonly int CountUpTo(long at)
    {
        var (low, high) = (0, Count);
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            (low, high) = this[middle] <= at ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    public readonly long[] After(long at)
    {
        var from = CountUpTo(at);
        var stamps = new long[Count - from];
        for (var i = 0; i < stamps.Length; i++)
            stamps[i] = this[from + i];

        return stamps;
    }

    private void Resize(int size)
    {
        var next = new long[size];
        for (var i = 0; i < Count; i++)
            next[i] = this[i];

        _ring = next;
        _head = 0;
    }
}
