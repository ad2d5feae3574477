using System.Numerics;

namespace Keypace.Server.Pacing.Shown;

/// <summary>
/// How many sends one caller had in each of the newest buckets of a <see cref="SendHistory"/>. Begins small and grows with the time over which the
/// caller sends: most keys have few callers and most callers send little.
/// </summary>
internal sealed class CallerSends(string tokenId, string caller)
{
    private const int Smallest = 4;

    private int[] _sends = new int[Smallest];   // bucket b is at b mod the length, a power of two
    private long _oldest = long.MaxValue;
    private long _newest = long.MinValue;

    public string TokenId => tokenId;

    public string Caller => caller;

    /// <summary>One send. Buckets come in order.</summary>
    public void Note(long bucket)
    {
        if (bucket != _newest)
            MoveTo(bucket);

        _sends[PlaceOf(bucket)]++;
    }

    public int SentIn(long bucket) => bucket >= _oldest && bucket <= _newest ? _sends[PlaceOf(bucket)] : 0;

    /// <summary>Something of it is among the buckets that end with this one.</summary>
    public bool IsSeen(long newest) => _newest > newest - SendHistory.Buckets;

    private void MoveTo(long bucket)
    {
        if (!IsSeen(bucket))
        {
            Array.Clear(_sends);
            (_oldest, _newest) = (bucket, bucket);
            return;
        }

        _oldest = Math.Max(_oldest, bucket + 1 - SendHistory.Buckets);
        if (bucket - _oldest >= _sends.Length)
            Grow((int)(bucket - _oldest) + 1);

        for (var between = _newest + 1; between <= bucket; between++)
            _sends[PlaceOf(between)] = 0;

        _newest = bucket;
    }

    private void Grow(int atLeast)
    {
        var before = _sends;
        _sends = new int[BitOperations.RoundUpToPowerOf2((uint)atLeast)];
        for (var bucket = _oldest; bucket <= _newest; bucket++)
            _sends[PlaceOf(bucket)] = before[bucket & (before.Length - 1)];
    }

    /// <summary>Also right for the negative numbers that a clock near its zero leads to.</summary>
    private int PlaceOf(long bucket) => (int)(bucket & (_sends.Length - 1));
}
