using System.Diagnostics.CodeAnalysis;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>A query that asks a rate group for a permit.</summary>
/// <param name="TokenId">The access token's id.</param>
/// <param name="Caller">Header <c>x-keypace-caller</c>; empty without it.</param>
/// <param name="Weight">The token's weight; taken into 1 to 100.</param>
/// <param name="Class">Strict priority.</param>
/// <param name="Patience">Longest wait; zero: now or not at all. Never more than <see cref="PacingOptions.MaxWait"/>.</param>
/// <param name="Front">It comes back after a 429 of its hub or a broken connection.</param>
/// <param name="Order">With <paramref name="Front"/>: <see cref="Ticket.Order"/> of its first turn in this group.</param>
/// <param name="Need">Model and estimated tokens, where <see cref="PacedGroup.HasQuotas"/>; the model also where known.</param>
/// <param name="ApiKeyId">The key it goes with: a key that changes its group takes its waiting queries along.</param>
internal readonly record struct Entry(
    string TokenId,
    string Caller,
    int Weight,
    QueryClass Class,
    TimeSpan Patience,
    bool Front = false,
    long Order = 0,
    QueryNeed Need = default,
    Guid ApiKeyId = default);

/// <summary>A turn, or the reason why there is none.</summary>
internal readonly struct Admission
{
    private readonly Turn? _turn;
    private readonly EntryRefusal? _refusal;

    private Admission(Turn? turn, EntryRefusal? refusal) => (_turn, _refusal) = (turn, refusal);

    public bool TryGet([NotNullWhen(true)] out Turn? turn, [NotNullWhen(false)] out EntryRefusal? refusal)
    {
        (turn, refusal) = (_turn, _refusal);
        return _refusal is null;
    }

    public static implicit operator Admission(Turn turn) => new(turn, null);

    public static implicit operator Admission(EntryRefusal refusal) => new(null, refusal);
}

/// <param name="Position">How many would have gone before it.</param>
/// <param name="RetryAfter">Exactly when its turn would have come; <see cref="TimeSpan.MaxValue"/>: nobody knows.</param>
internal sealed record EntryRefusal(EntryRefusalKind Kind, int Position, TimeSpan RetryAfter)
{
    /// <summary>The limit that is too small, or that binds; null when it is none of the quotas.</summary>
    public Quota? Quota { get; init; }
}

internal enum EntryRefusalKind
{
    /// <summary>Too many wait in the rate group.</summary>
    QueueFull,

    /// <summary>Too many of this caller wait.</summary>
    CallerQueueFull,

    /// <summary>The turn cannot come within its patience.</summary>
    TooLate,

    ShuttingDown,

    /// <summary>It needs more than <see cref="EntryRefusal.Quota"/> allows at all: waiting does not help.</summary>
    TooLarge,

    /// <summary>The hub said lately that waiting does not help (quota, billing); tried again after <see cref="EntryRefusal.RetryAfter"/>.</summary>
    CircuitOpen,
}

/// <summary>How waiting ended.</summary>
internal enum TurnEnd
{
    Granted,

    /// <summary>Its patience ended first; <see cref="Turn.ExpectedAgain"/> says when another one would go.</summary>
    Expired,

    ShuttingDown,

    /// <summary>Its key has come into another rate group: it enters that group's line.</summary>
    Moved,
}
