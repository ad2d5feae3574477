namespace Keypace.Domain.Pacing;

/// <summary>
/// What the hub behind one secret taught, as it outlives idle times and the process. It follows the secret (<see cref="QueryNeed.Source"/>): where it was
/// learned, and where no key of another secret is, limit, bursts and pause bind the whole rate group, elsewhere only that secret's queries. A model that is
/// refused is refused to that secret's queries everywhere.
/// </summary>
/// <param name="Source">The secret and its destination.</param>
/// <param name="GroupId">Where it was learned.</param>
public sealed record KeptLessons(Guid Source, Guid GroupId)
{
    /// <summary>It was learned elsewhere and binds only the queries of that secret; false: the whole rate group.</summary>
    public bool BindsSourceOnly { get; init; }

    /// <summary>Null when the limit is as it was set.</summary>
    public LearnedLimit? Limit { get; init; }

    public DateTimeOffset LimitConfirmedAt { get; init; }

    /// <summary>Null when bursts are as they were set.</summary>
    public LearnedBursts? Bursts { get; init; }

    public DateTimeOffset BurstsConfirmedAt { get; init; }

    /// <summary>Null when nothing is paused.</summary>
    public KeptPause? Pause { get; init; }

    public IReadOnlyList<KeptCircuit> Circuits { get; init; } = [];

    /// <summary>
    /// Limit and bursts that the same hub taught under another limit: they bind beside these. Null: nothing else was taught.
    /// </summary>
    public KeptLessons? Besides { get; init; }

    public bool IsEmpty => Limit is null && Bursts is null && Pause is null && Circuits.Count == 0 && Besides is null;

    /// <summary>Each limit by itself, with what was taught under it; pause and models are with the first.</summary>
    public IEnumerable<KeptLessons> Parts()
    {
        for (var part = this; part is not null; part = part.Besides)
            yield return part with { Besides = null };
    }

    /// <summary>The same in another group.</summary>
    public KeptLessons In(Guid groupId, Guid source, bool bindsSourceOnly) =>
        this with { Source = source, GroupId = groupId, BindsSourceOnly = bindsSourceOnly, Besides = Besides?.In(groupId, source, bindsSourceOnly) };

    /// <summary>The same but for a confirmation that is less than an hour newer: not worth a write.</summary>
    public bool IsLike(KeptLessons? other) => other is not null
        && (Source, GroupId, BindsSourceOnly, Limit, Bursts, Pause) == (other.Source, other.GroupId, other.BindsSourceOnly, other.Limit, other.Bursts, other.Pause)
        && LimitConfirmedAt - other.LimitConfirmedAt < TimeSpan.FromHours(1) && BurstsConfirmedAt - other.BurstsConfirmedAt < TimeSpan.FromHours(1)
        && Circuits.SequenceEqual(other.Circuits)
        && (Besides is null ? other.Besides is null : Besides.IsLike(other.Besides));
}

/// <param name="AsksEverySeconds">When it is over one query asks, and again after so many seconds; 0: all go.</param>
public sealed record KeptPause(DateTimeOffset Until, string Why, int AsksEverySeconds);

/// <param name="Model">"" for queries that name none.</param>
public sealed record KeptCircuit(string Model, DateTimeOffset Until);

/// <summary>Where lessons outlive the process. Nothing here makes a query wait: what is kept is written behind it.</summary>
public interface ILessonStore
{
    /// <summary>All that are stored; once, at the start. What cannot be read is left out.</summary>
    IReadOnlyList<KeptLessons> Load();

    /// <summary>In place of what was kept of that secret before; nothing is kept of it when they are empty. Returns at once.</summary>
    void Keep(KeptLessons lessons);

    /// <summary>Returns when all that was kept before outlives the process: for what a person changed, and was told that it is so.</summary>
    Task WrittenAsync();
}
