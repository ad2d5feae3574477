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
public readonly record struct OwnView(int IntervalSeconds, int Remaining, int InFlight, long SentAt, bool CanShrink);

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
public readonly record struct HubRefusal(HubRefusalKind Kind, long? Wait);

/// <summary>What the host of a pacer has to do; <c>default</c>: nothing.</summary>
public readonly record struct Lesson
{
    /// <summary>Rules from now on (<see cref="Pacer.ChangeLimit"/>).</summary>
    public RateLimit? Limit { get; init; }

    /// <summary>Count so many as sent now (<see cref="Pacer.AssumeSent"/>).</summary>
    public int ForeignSends { get; init; }

    /// <summary>No permit before this tick; 0: no pause.</summary>
    public long PauseUntil { get; init; }

    /// <summary>Make the bursts smaller (<see cref="Pacer.Refused"/>).</summary>
    public bool ShrinkBursts { get; init; }

    /// <summary>Refuse queries of this model until this tick; 0: do not.</summary>
    public long CircuitUntil { get; init; }

    /// <summary>What to show; null when nothing changed.</summary>
    public PacingEvent? Event { get; init; }
}
