namespace Keypace.Server.Pacing.UnderLock;

/// <summary>Keys that left a rate group: whoever still comes there with one is sent on.</summary>
internal sealed class Departures
{
    /// <summary>How long a query may have looked up its key before it comes.</summary>
    private static readonly long Remembers = MonotonicClock.NanosecondsOf(TimeSpan.FromMinutes(15));

    private readonly Dictionary<Guid, (PacedGroup To, long At)> _gone = [];

    /// <summary>Where a key is that has left; null for one that has not.</summary>
    public PacedGroup? Of(Guid apiKeyId) => _gone.TryGetValue(apiKeyId, out var gone) ? gone.To : null;

    /// <summary>Somebody may still come for a key that left.</summary>
    public bool AwaitsLate(long now) => _gone.Values.Any(gone => gone.At + Remembers > now);

    public void Leave(IReadOnlySet<Guid> keys, PacedGroup to, long now)
    {
        foreach (var id in keys)
            _gone[id] = (to, now);
    }

    public void ComeBack(IReadOnlySet<Guid> keys)
    {
        foreach (var id in keys)
            _gone.Remove(id);
    }
}
