namespace Keypace.Server.Pacing.Shown;

/// <summary>
/// How many sends each caller of a rate group had lately, in buckets, for a picture. Of bounded size; noting one costs a few
/// nanoseconds and mostly allocates nothing. Not thread-safe: its group's lock guards it.
/// </summary>
/// <param name="interval">The limit's T, in ticks.</param>
internal sealed class SendHistory(long interval)
{
    public const int BucketsPerInterval = 60;

    /// <summary>It goes back three intervals.</summary>
    public const int Buckets = 3 * BucketsPerInterval;

    /// <summary>More callers than these share one line of the picture.</summary>
    public const int MostCallers = 12;

    private readonly long _bucket = interval / BucketsPerInterval;
    private readonly List<CallerSends> _callers = [];
    private long _lastAt;
    private CallerSends? _last;
    private CallerSends? _others;
    private long _newest = long.MinValue;       // number of the bucket that is being filled
    private long _newestEnds = long.MinValue;   // tick; spares a division a send

    public long Interval => interval;

    /// <summary>Nothing in it can be seen any more.</summary>
    public bool IsOver(long now) => _newest == long.MinValue || now >= _lastAt + (Buckets * _bucket);

    public void Note(string tokenId, string caller, long at)
    {
        if (at >= _newestEnds)
            MoveTo(at / _bucket);
        if (_last is not { } lane || !ReferenceEquals(lane.TokenId, tokenId) || !ReferenceEquals(lane.Caller, caller))
            _last = lane = LaneOf(tokenId, caller);
        lane.Note(_newest);
        _lastAt = at;
    }

    /// <summary>Oldest first; a row of callers' sends for each bucket.</summary>
    public SendHistoryView View(long now)
    {
        MoveTo(now / _bucket);
        var lanes = _others is null ? _callers : [.. _callers, _others];
        var shown = lanes.FindAll(lane => lane.IsSeen(_newest));
        var rows = new int[Buckets][];
        for (var i = 0; i < Buckets; i++)
        {
            var bucket = _newest + 1 - Buckets + i;
            rows[i] = [.. shown.Select(lane => lane.SentIn(bucket))];
        }

        return new SendHistoryView(_bucket, _newest * _bucket, [.. shown.Select(lane => (lane.TokenId, lane.Caller))], rows);
    }

    private void MoveTo(long bucket)
    {
        if (bucket > _newest)
            (_newest, _newestEnds) = (bucket, (bucket + 1) * _bucket);
    }

    private CallerSends LaneOf(string tokenId, string caller)
    {
        var lane = _callers.Find(each => each.Caller == caller && each.TokenId == tokenId);
        if (lane is not null)
            return lane;
        if (_callers.Count == MostCallers)
        {
            // The place of one that cannot be seen any more; without one, the newcomer is among the others.
            var gone = _callers.FindIndex(each => !each.IsSeen(_newest));
            if (gone < 0)
                return _others ??= new CallerSends("", "");
            _callers.RemoveAt(gone);
        }

        lane = new CallerSends(tokenId, caller);
        _callers.Add(lane);
        return lane;
    }
}

/// <param name="Bucket">Length of a bucket, in ticks.</param>
/// <param name="NewestAt">Tick at which the newest bucket began.</param>
/// <param name="Callers">Token's id and caller's own name; both empty for the rest of many.</param>
/// <param name="Sends">One row a bucket, oldest first; one number a caller.</param>
internal sealed record SendHistoryView(long Bucket, long NewestAt, IReadOnlyList<(string TokenId, string Caller)> Callers, IReadOnlyList<int[]> Sends);
