using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.Shown;

/// <summary>A rate group as a person may see it.</summary>
/// <param name="Limit">The limit that rules now.</param>
/// <param name="UsedNow">Sends that count now, permits that are out included.</param>
/// <param name="Remaining">Permits free now.</param>
/// <param name="OutstandingNow">Permits granted and not yet sent.</param>
/// <param name="WaitingNow">Queries in line.</param>
/// <param name="NextFreeAt">When the next of those that wait goes, else when one could go; null while that hangs on queries that are under way.</param>
/// <param name="PausedUntil">Null when not paused.</param>
/// <param name="Waiting">Callers in the order of their first turn.</param>
/// <param name="UnknownPastUntil">Until when sends of before this process may be what it waits for; null when there are none.</param>
/// <param name="History">Null when nothing was sent lately.</param>
internal sealed record GroupStatus(
    RateLimit Limit,
    TimeSpan Guard,
    int UsedNow,
    int Remaining,
    int OutstandingNow,
    int WaitingNow,
    DateTimeOffset? NextFreeAt,
    DateTimeOffset? PausedUntil,
    string? PausedWhy,
    IReadOnlyList<WaitingCaller> Waiting,
    DateTimeOffset? UnknownPastUntil,
    SendHistoryView? History,
    DateTimeOffset HistoryNewestAt)
{
    /// <summary>Models whose queries wait while others go.</summary>
    public IReadOnlyList<HeldModel> ModelPauses { get; init; } = [];

    /// <summary>What people set; <see cref="Limit"/> is what was learned on top of it.</summary>
    public required GroupRules Rules { get; init; }

    /// <summary>What keeps the next query from going.</summary>
    public required BindingKind Binding { get; init; }

    /// <summary>The quota that binds, when one does.</summary>
    public required Quota? BindingQuota { get; init; }

    /// <summary>How bursts are sent now and why. Its ticks mean nothing outside.</summary>
    public required ShapeState Shape { get; init; }

    /// <summary>A slice's length, guard included; zero when whole bursts go.</summary>
    public required TimeSpan Slice { get; init; }

    /// <summary>Each quota with what counts of it now.</summary>
    public required IReadOnlyList<QuotaStatus> Quotas { get; init; }

    /// <summary>What the pacer did by itself, newest first.</summary>
    public required IReadOnlyList<GroupEvent> Events { get; init; }

    /// <summary>What the hub's headers said last of its request limit; null when they said nothing.</summary>
    public required HubReport? Reported { get; init; }

    /// <summary>What the hub taught, what is still believed and binds the whole group.</summary>
    public required KeptLessons Lessons { get; init; }

    /// <summary>And what binds only the queries of one secret (<see cref="KeptLessons.Source"/>) besides.</summary>
    public required IReadOnlyList<KeptLessons> LessonsOfSecrets { get; init; }

    /// <summary>What they said of all limits; null when they said nothing.</summary>
    public required HubReadings? Heard { get; init; }
}

/// <summary>The limits that one answer's headers spoke of.</summary>
/// <param name="At">When it came; what is left until a reset counts from there.</param>
internal sealed record HubReadings(IReadOnlyList<LimitReading> Readings, DateTimeOffset At);

/// <summary>A model whose queries wait.</summary>
internal sealed record HeldModel(string Model, DateTimeOffset Until, string Why);

/// <param name="FreeAt">When something of it is free; null when nobody knows.</param>
internal sealed record QuotaStatus(Quota Quota, long Used, DateTimeOffset? FreeAt);

/// <summary>A rate group at a glance.</summary>
/// <param name="Limit">The limit that rules now.</param>
/// <param name="PausedUntil">Null when not paused.</param>
internal sealed record GroupFigures(RateLimit Limit, int UsedNow, int WaitingNow, DateTimeOffset? PausedUntil, string? PausedWhy)
{
    /// <summary>Pauses that hold the queries of one secret only.</summary>
    public IReadOnlyList<(Guid Source, DateTimeOffset Until, string Why)> PausesOfSecrets { get; init; } = [];

    /// <summary>What holds the queries of this secret now: the group's pause or its own, whichever ends later.</summary>
    public (DateTimeOffset? Until, string? Why) PauseOf(Guid source)
    {
        foreach (var pause in PausesOfSecrets)
        {
            if (pause.Source == source && !(PausedUntil > pause.Until))
                return (pause.Until, pause.Why);
        }

        return (PausedUntil, PausedWhy);
    }
}

/// <param name="FirstPosition">How many go before its first query.</param>
/// <param name="FirstStart">When its first query is expected to start.</param>
internal sealed record WaitingCaller(string TokenId, string Caller, int Count, int FirstPosition, DateTimeOffset FirstStart);

/// <summary>Something that the pacer did by itself, with the wall clock's time.</summary>
internal sealed record GroupEvent(DateTimeOffset At, PacingEvent What);
