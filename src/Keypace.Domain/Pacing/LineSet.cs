namespace Keypace.Domain.Pacing;

/// <summary>A set of lines by their number (<see cref="LimitLine.Number"/>), a bit each.</summary>
internal sealed class LineSet
{
    private ulong[] _words = new ulong[1];

    /// <summary>Every line there is or may come.</summary>
    public static LineSet All { get; } = new() { IsAll = true };

    public bool IsAll { get; private init; }

    public bool Has(int number) => IsAll || (number >> 6 < _words.Length && (_words[number >> 6] & (1UL << number)) != 0);

    public void Add(int number)
    {
        if (number >> 6 >= _words.Length)
            Array.Resize(ref _words, (number >> 6) + 1);

        _words[number >> 6] |= 1UL << number;
    }

    public void Remove(int number)
    {
        if (number >> 6 < _words.Length)
            _words[number >> 6] &= ~(1UL << number);
    }

    public void CopyFrom(LineSet other)
    {
        Array.Resize(ref _words, other._words.Length);
        other._words.CopyTo(_words, 0);
    }

    public void RemoveAll(LineSet other)
    {
        for (var i = 0; i < Math.Min(_words.Length, other._words.Length); i++)
            _words[i] &= ~other._words[i];
    }

    /// <summary>Any bit in common with such words.</summary>
    public bool Overlaps(ReadOnlySpan<ulong> words)
    {
        if (IsAll)
            return true;

        var own = _words;
        for (var i = 0; i < words.Length && i < own.Length; i++)
        {
            if ((words[i] & own[i]) != 0)
                return true;
        }

        return false;
    }
}
