namespace Keypace.Domain.Pacing;

/// <summary>What changed by itself.</summary>
public enum PacingEventKind
{
    LimitLowered,
    LimitRaised,

    /// <summary>Sends of somebody else were counted; Before and After are what was free.</summary>
    ForeignTraffic,

    /// <summary>Nothing goes for a while; After is the pause in milliseconds.</summary>
    Paused,

    /// <summary>Smaller bursts; Before and After are the bursts.</summary>
    BurstsShrunk,

    /// <summary>Larger bursts; Before and After are the bursts.</summary>
    BurstsGrown,

    /// <summary>Queries of a model (or all) are refused without being sent; After is for how many milliseconds.</summary>
    CircuitOpened,

    /// <summary>Queries of one model wait, and no others; After is the pause in milliseconds.</summary>
    ModelPaused,
}

/// <summary>What made it change.</summary>
public enum PacingCause
{
    /// <summary>The hub's headers say another limit.</summary>
    LimitHeader,

    /// <summary>The hub's headers say that less is left than we have used.</summary>
    RemainingHeader,

    /// <summary>A 429 that says how long to wait.</summary>
    RefusedWithWait,

    /// <summary>A 429 that does not.</summary>
    RefusedWithoutWait,

    /// <summary>Nothing was refused for long.</summary>
    CleanWindows,

    /// <summary>The hub reports a limit of 0.</summary>
    NoQuota,

    /// <summary>Waiting does not help: spend limit, billing, plan.</summary>
    TerminalRefusal,

    /// <summary>503 or 529.</summary>
    Overloaded,
}

/// <summary>One thing that Keypace did by itself, and why.</summary>
/// <param name="Before">In the kind's unit; null where there is none.</param>
/// <param name="At">Tick.</param>
public sealed record PacingEvent(PacingEventKind Kind, PacingCause Cause, long? Before, long? After, long At)
{
    /// <summary>The model that it is about; null: all of them.</summary>
    public string? Model { get; init; }
}
