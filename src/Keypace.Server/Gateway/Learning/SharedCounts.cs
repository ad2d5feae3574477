using Keypace.Domain.Pacing;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Learning;

/// <summary>
/// Notices two keys that their hub counts together although it names no account: again and again an answer through one says one request less
/// left than the answer before it, which came through the other, and not one less than its own last. In memory; safe from several threads.
/// </summary>
internal sealed class SharedCounts
{
    /// <summary>
    /// Answers in a row that only a common count explains. A smaller number would take chance for it; two keys that are used in turn reach it at once.
    /// </summary>
    public const int Enough = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<HubInTeam, (Guid ApiKeyId, HubReport Report)> _newest = [];
    private readonly Dictionary<Guid, HubReport> _own = [];
    private readonly Dictionary<(Guid, Guid), int> _inARow = [];

    /// <summary>An answer through a key said so much of requests.</summary>
    public void Note(HubInTeam hub, Guid apiKeyId, in HubReport report)
    {
        if (report is not { Limit: { } limit, Remaining: { } remaining })
            return;
        lock (_lock)
        {
            var (hasNewest, hasOwn) = (_newest.TryGetValue(hub, out var newest), _own.TryGetValue(apiKeyId, out var own));
            (_newest[hub], _own[apiKeyId]) = ((apiKeyId, report), report);
            if (!hasNewest || newest.ApiKeyId == apiKeyId || newest.Report.Limit != limit || newest.Report.IntervalSeconds != report.IntervalSeconds)
                return;
            var (followsOther, followsOwn) = (newest.Report.Remaining == remaining + 1, hasOwn && own.Remaining == remaining + 1);
            if (followsOther == followsOwn)
                return;   // both or neither: it tells nothing, and answers may cross on their way
            var pair = Pair(apiKeyId, newest.ApiKeyId);
            _inARow[pair] = followsOwn ? 0 : Math.Min(Enough, _inARow.GetValueOrDefault(pair) + 1);
        }
    }

    /// <summary>Nothing that was noticed of this key holds any more.</summary>
    public void Forget(Guid apiKeyId)
    {
        lock (_lock)
        {
            _own.Remove(apiKeyId);
            foreach (var hub in _newest.Where(each => each.Value.ApiKeyId == apiKeyId).Select(each => each.Key).ToArray())
                _newest.Remove(hub);
            foreach (var pair in _inARow.Keys.Where(pair => pair.Item1 == apiKeyId || pair.Item2 == apiKeyId).ToArray())
                _inARow.Remove(pair);
        }
    }

    /// <summary>The two seem to have one count at their hub.</summary>
    public bool AreOne(Guid one, Guid other)
    {
        lock (_lock)
            return _inARow.GetValueOrDefault(Pair(one, other)) >= Enough;
    }

    private static (Guid, Guid) Pair(Guid one, Guid other) => one.CompareTo(other) < 0 ? (one, other) : (other, one);
}
