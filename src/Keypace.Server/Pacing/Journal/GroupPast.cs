using Keypace.Domain.Keys;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing.Journal;

/// <summary>
/// What the journal knows of one group: what it sent (<see cref="Runs"/>, and a whole limit at <see cref="FullAt"/>), and while it runs what
/// it may have sent besides, up to the mark: its credit.
/// </summary>
internal sealed partial class GroupPast(RateLimit limit, long guard)
{
    /// <summary>A credit that says nothing: the whole limit may have been sent (a line of an older version).</summary>
    public const int Unbounded = -1;

    public RateLimit Limit { get; set; } = limit;

    public long Guard { get; set; } = guard;

    public bool IsRunning { get; set; }

    /// <summary>While it runs: sends that may have been made and are not among <see cref="Runs"/>.</summary>
    public int Credit { get; set; }

    /// <summary>Count the whole limit as sent at this tick; <see cref="long.MinValue"/>: do not.</summary>
    public long FullAt { get; set; } = long.MinValue;

    /// <summary>Count these, oldest first.</summary>
    public List<SentRun> Runs { get; set; } = [];

    /// <summary>The newest tick at which sends are counted that may never have been made; <see cref="long.MinValue"/>: all are known.</summary>
    public long AssumedAt { get; init; } = long.MinValue;

    /// <summary>Sent by a process before this one, so a pacer made now has to count it.</summary>
    public bool IsFromBefore { get; init; }

    /// <summary>Of its limits beside the rate limit; null: it has had none.</summary>
    public NotedUses? Uses { get; set; }

    public long Span => (Limit.Seconds * 1_000_000_000L) + Guard;

    /// <summary>It rests and nothing of it counts any more.</summary>
    public bool IsOver(long now) =>
        !IsRunning && (FullAt == long.MinValue || FullAt + Span <= now) && (Runs.Count == 0 || Runs[^1].At + Span <= now)
        && Uses?.IsOver(now) != false;

    /// <summary>Adds what was sent, and forgets what no longer counts.</summary>
    public void Add(ReadOnlySpan<SentRun> runs, long now)
    {
        var over = 0;
        while (over < Runs.Count && Runs[over].At + Span <= now)
            over++;

        Runs.RemoveRange(0, over);
        var isLate = runs.Length > 0 && Runs.Count > 0 && runs[0].At < Runs[^1].At;   // brought along by a key that came from another group
        Runs.AddRange(runs);
        if (isLate)
            Runs.Sort(static (one, other) => one.At.CompareTo(other.At));
    }
}
