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

    /// <summary>A limit that ruled says for so long how far back sends are kept, in ticks: who narrows one and widens it again has not sent less.</summary>
    public const long KeepsOlder = 24L * 3600 * 1_000_000_000;

    public RateLimit Limit { get; private set; } = limit;

    public long Guard { get; private set; } = guard;

    /// <summary>Of the limits that ruled before, as long as <see cref="OlderUntil"/> is to come; in ticks, guard included.</summary>
    public long OlderSpan { get; private set; }

    public long OlderUntil { get; private set; } = long.MinValue;

    /// <summary><see cref="OlderSpan"/> in whole seconds, up.</summary>
    public long OlderSeconds => Math.Min(RateLimit.MostSeconds, (OlderSpan + 999_999_999) / 1_000_000_000);

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

    /// <summary>How far back all sends are known, in ticks.</summary>
    public long Reach(long now) => now < OlderUntil ? Math.Max(Span, OlderSpan) : Span;

    /// <summary>Another limit from now on.</summary>
    public void Rule(RateLimit limit, long guard, long now)
    {
        if (limit == Limit && guard == Guard)
            return;

        RuledBefore(Span, now + KeepsOlder, now);
        (Limit, Guard) = (limit, guard);
    }

    /// <summary>A limit of such a span ruled.</summary>
    public void RuledBefore(long span, long until, long now) =>
        (OlderSpan, OlderUntil) = now < OlderUntil ? (Math.Max(OlderSpan, span), Math.Max(OlderUntil, until)) : (span, until);

    /// <summary>It rests and nothing of it counts any more.</summary>
    public bool IsOver(long now) =>
        !IsRunning && (FullAt == long.MinValue || FullAt + Reach(now) <= now) && (Runs.Count == 0 || Runs[^1].At + Reach(now) <= now)
        && Uses?.IsOver(now) != false;

    /// <summary>Adds what was sent, and forgets what no longer counts.</summary>
    public void Add(ReadOnlySpan<SentRun> runs, long now)
    {
        var over = 0;
        while (over < Runs.Count && Runs[over].At + Reach(now) <= now)
            over++;

        Runs.RemoveRange(0, over);
        var isLate = runs.Length > 0 && Runs.Count > 0 && runs[0].At < Runs[^1].At;   // brought along by a key that came from another group
        Runs.AddRange(runs);
        if (isLate)
            Runs.Sort(static (one, other) => one.At.CompareTo(other.At));
    }
}
