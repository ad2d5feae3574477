namespace Keypace.Server.Pacing.Shown;

/// <summary>
/// Histories of groups that were dropped because nothing they sent counts any more: the picture goes back three intervals. Bounded; the
/// oldest make room.
/// </summary>
internal sealed class PastHistories
{
    private const int Most = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, SendHistory> _kept = [];
    private readonly Queue<Guid> _order = new();

    public void Keep(Guid groupId, SendHistory history)
    {
        lock (_gate)
        {
            if (!_kept.ContainsKey(groupId))
                _order.Enqueue(groupId);
            _kept[groupId] = history;
            while (_order.Count > Most)
                _kept.Remove(_order.Dequeue());
        }
    }

    /// <summary>Gives one back; null when there is none of this interval (in ticks).</summary>
    public SendHistory? Take(Guid groupId, long interval)
    {
        lock (_gate)
            return _kept.Remove(groupId, out var history) && history.Interval == interval ? history : null;
    }
}
