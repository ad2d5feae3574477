using Keypace.Domain.Keys;

namespace Keypace.Domain.Pacing;

/// <summary>What an answer's headers say of the request limit. Null: nothing that makes sense.</summary>
/// <param name="IntervalSeconds">What <paramref name="Limit"/> counts in; reports of other intervals teach nothing.</param>
public readonly record struct HubReport(int IntervalSeconds, long? Limit, long? Remaining);

/// <summary>What we know ourselves when an answer comes.</summary>
/// <param name="IntervalSeconds">Of the limit that rules.</param>
/// <param name="Remaining">Permits free by our own count.</param>
/// <param name="InFlight">Queries granted whose answer has not come: differences up to that many mean nothing.</param>
/// <param name="SentAt">Tick at which the answered query was sent.</param>
/// <param name="CanShrink">Bursts can still become smaller (<see cref="Pacer.CanShrinkBursts"/>).</param>
public readonly record struct OwnView(int IntervalSeconds, int Remaining, int InFlight, long SentAt, bool CanShrink)
{
    /// <summary>Tick at which bursts last became smaller or larger; what was sent before says nothing of the limit. <see cref="long.MinValue"/>: never.</summary>
    public long ShapedAt { get; init; } = long.MinValue;

    /// <summary>Sends in the T up to <see cref="SentAt"/>, that one included (<see cref="Pacer.SentBefore"/>); 0: not known.</summary>
    public int SentBefore { get; init; }
}

/// <summary>What a hub taught of the limit, as it is kept.</summary>
/// <param name="Configured">The limit that was set then; another one forgets all of it.</param>
/// <param name="Effective">The count that rules instead.</param>
/// <param name="Header">The count that the hub's headers said; null: they did not.</param>
/// <param name="Found">The count at which refusals ended last; 0: none came.</param>
/// <param name="IsFound">They did so twice: it is the hub's own.</param>
public sealed record LearnedLimit(RateLimit Configured, int Effective, int? Header, int Found, bool IsFound);

/// <summary>Kinds of refusals by a hub.</summary>
public enum HubRefusalKind
{
    /// <summary>429: too many requests.</summary>
    RateLimited,

    /// <summary>503 or 529: too busy; says nothing of the limit.</summary>
    Overloaded,

    /// <summary>A limit of 0: not on this plan.</summary>
    NoQuota,

    /// <summary>Spend limit, billing: waiting does not help.</summary>
    Terminal,
}

/// <param name="Wait">How long the hub says to wait, in ticks; null when it does not.</param>
public readonly record struct HubRefusal(HubRefusalKind Kind, long? Wait)
{
    /// <summary>Whom the hub says that it is about.</summary>
    public RefusalScope Scope { get; init; }
}

/// <summary>What the host of a pacer has to do; <c>default</c>: nothing.</summary>
public readonly record struct Lesson
{
    /// <summary>Rules from now on (<see cref="Pacer.ChangeLimit"/>).</summary>
    public RateLimit? Limit { get; init; }

    /// <summary>Count so many as sent now (<see cref="Pacer.AssumeSent"/>).</summary>
    public int ForeignSends { get; init; }

    /// <summary>No permit before this tick; 0: no pause.</summary>
    public long PauseUntil { get; init; }

    /// <summary>With <see cref="PauseUntil"/>: one query asks then, and while it has no answer nothing goes for this long; 0: all go.</summary>
    public long AskEvery { get; init; }

    /// <summary>Make the bursts smaller (<see cref="Pacer.Refused"/>).</summary>
    public bool ShrinkBursts { get; init; }

    /// <summary>The refusal was not the bursts' fault (<see cref="Pacer.ExcuseBursts"/>).</summary>
    public bool ExcuseBursts { get; init; }

    /// <summary>The whole limit is back: so are the bursts that were not at fault (<see cref="Pacer.RestoreBursts"/>).</summary>
    public bool RestoreBursts { get; init; }

    /// <summary>Refuse queries of this model until this tick; 0: do not.</summary>
    public long CircuitUntil { get; init; }

    /// <summary>What to show; null when nothing changed.</summary>
    public PacingEvent? Event { get; init; }
}
