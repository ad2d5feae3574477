using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>What people have set for a rate group. Immutable; compared by value, quotas one by one.</summary>
/// <param name="Limit">N and T.</param>
internal sealed record GroupRules(RateLimit Limit)
{
    public PacingMode Mode { get; init; } = PacingMode.Burst;

    /// <summary>The hub's file says that it enforces in slices; only for <see cref="PacingMode.Auto"/>.</summary>
    public bool StartsSmooth { get; init; }

    /// <summary>Null: the server's, or what <see cref="PacedGroup.SuggestGuard"/> says.</summary>
    public TimeSpan? Guard { get; init; }

    /// <summary>No guard is smaller, measured or not.</summary>
    public TimeSpan LeastGuard { get; init; }

    /// <summary>Its keys have more than one secret: what a hub says to one account holds that secret's queries.</summary>
    public bool HasSeveralSources { get; init; }

    public IReadOnlyList<Quota> Quotas { get; init; } = [];

    /// <summary>Nobody chose the limit: what the hub reports may also raise it.</summary>
    public bool MayRaise { get; init; }

    /// <summary>Nothing learned changes the limit or the bursts.</summary>
    public bool IsFrozen { get; init; }

    public bool Equals(GroupRules? other) => other is not null
        && (Limit, Mode, StartsSmooth, Guard, LeastGuard, MayRaise, IsFrozen, HasSeveralSources) == (other.Limit, other.Mode, other.StartsSmooth, other.Guard, other.LeastGuard, other.MayRaise, other.IsFrozen, other.HasSeveralSources)
        && Quotas.SequenceEqual(other.Quotas);

    public override int GetHashCode() => HashCode.Combine(Limit, Mode, Guard, Quotas.Count);
}
