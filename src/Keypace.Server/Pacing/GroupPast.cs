using Keypace.Domain.Keys;

namespace Keypace.Server.Pacing;

/// <summary>
/// What the journal knows of one group. While it runs, it may have sent its whole limit up to the mark. While it rests, everything it
/// sent is
/// covered by <see cref="FullAt"/> and <see cref="Stamps"/>.
/// </summary>
internal sealed class GroupPast(RateLimit limit, long guard)
{
    public RateLimit Limit { get; set; } = limit;

    public long Guard { get; set; } = guard;

    public bool IsRunning { get; set; }

    /// <summary>Count the whole limit as sent at this tick; <see cref="long.MinValue"/>: do not.</summary>
    public long FullAt { get; set; } = long.MinValue;

    /// <summary>Count these, oldest first.</summary>
    public List<long> Stamps { get; set; } = [];

    /// <summary>Sent by a process before this one, so a pacer made now has to count it.</summary>
    public bool IsFromBefore { get; init; }

    public long Span => (Limit.Seconds * 1_000_000_000L) + Guard;

    /// <summary>It rests and nothing of it counts any more.</summary>
    public bool IsOver(long now) =>
        !IsRunning && (FullAt == long.MinValue || FullAt + Span <= now) && (Stamps.Count == 0 || Stamps[^1] + Span <= now);
}
