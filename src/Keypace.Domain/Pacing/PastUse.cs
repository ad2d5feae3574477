namespace Keypace.Domain.Pacing;

/// <summary>What a process before this one sent, as its journal or its records of usage say.</summary>
/// <param name="At">When, or a little later: it counts from then.</param>
/// <param name="Model">The hub's own name of the model; null when unknown.</param>
/// <param name="Requests">Sends.</param>
/// <param name="InputTokens">Of all of them together; 0 where the hub said nothing.</param>
/// <param name="OutputTokens">The same.</param>
public readonly record struct PastUse(DateTimeOffset At, string? Model, long Requests, long InputTokens, long OutputTokens)
{
    /// <summary>The tick since which it has certainly been so; null where only the wall clock knows.</summary>
    public long? Tick { get; init; }

    /// <summary><see cref="QueryNeed.Source"/>; empty where unknown or no limit names it.</summary>
    public Guid Source { get; init; }

    public UseBreadth Breadth { get; init; }
}

/// <summary>Which limits count a use of before.</summary>
public enum UseBreadth
{
    /// <summary>Those of all models, and those of its model.</summary>
    Model,

    /// <summary>Those of its model only: in those of all it is counted already.</summary>
    ModelOnly,

    /// <summary>Those of any model: where it was used no limit named models, so it may have been each.</summary>
    AnyModel,
}

/// <summary>What may have been sent besides, of any model: nobody noted it before the process ended.</summary>
/// <param name="At">Tick.</param>
/// <param name="WallAt">The same, as the wall clock has it.</param>
/// <param name="Tokens">In, out, or both together: at most so many.</param>
/// <param name="IsLast">The power failed: of what was noted last the disk may have nothing, so short intervals count their whole limit.</param>
public readonly record struct UnknownUse(long At, DateTimeOffset WallAt, long Requests, long Tokens, bool IsLast = false);

/// <summary>Queries that ran when the process ended: the hub may go on with them although nobody listens.</summary>
/// <param name="Until">Tick: by then they are certainly over.</param>
/// <param name="Model">Null: none that a limit names.</param>
/// <param name="IsUnknown">It is not known whether there are any: they count for every model.</param>
public readonly record struct LeftRunning(long Until, long Count, string? Model, bool IsUnknown = false, Guid Source = default);

/// <summary>All that is known of the time before this process.</summary>
/// <param name="Uses">Oldest first.</param>
public sealed record UsedBefore(IReadOnlyList<PastUse> Uses)
{
    public static UsedBefore Nothing { get; } = new([]);

    /// <summary>
    /// Every send is among <see cref="Uses"/> or <see cref="Unknown"/>. False: they are records, and what the rate limit's window knows besides
    /// is estimated.
    /// </summary>
    public bool IsComplete { get; init; }

    public IReadOnlyList<UnknownUse> Unknown { get; init; } = [];

    public IReadOnlyList<LeftRunning> Running { get; init; } = [];

    /// <summary>The limits that counted it; empty where nobody noted them.</summary>
    public IReadOnlyList<CountedLimit> Limits { get; init; } = [];
}
