namespace Keypace.Domain.Pacing;

/// <summary>
/// What goes along when the keys of one secret and destination come into another rate group: all that counted in the one they leave and is not
/// known to be another's. A plain value, so that the two groups need not be in one process. Ticks are those of the machine that made it.
/// </summary>
/// <param name="Source">The secret and destination that it is of (<see cref="QueryNeed.Source"/>).</param>
/// <param name="Reach">How far back <paramref name="Sends"/> know all, in ticks.</param>
/// <param name="Sends">Sends in the rate limit's window.</param>
/// <param name="Quotas">What counts for limits beside it, and for those that were taken away lately.</param>
/// <param name="Running">Its queries that hold a permit, or were sent and have not ended. Their tokens are not among <paramref name="Quotas"/>
/// before they are settled; their sends are among <paramref name="Sends"/>.</param>
/// <param name="PausedUntil">Tick before which its hub wants none of its queries; <see cref="long.MinValue"/>: any time.</param>
/// <param name="PausedWhy">The reason; null without a pause.</param>
public sealed record CarriedUse(
    Guid Source, long Reach, IReadOnlyList<Use> Sends, IReadOnlyList<CarriedQuota> Quotas, IReadOnlyList<CarriedQuery> Running, long PausedUntil, string? PausedWhy)
{
    /// <summary>The accounts that all of it is in.</summary>
    public IReadOnlyList<CarriedAccount> Accounts { get; init; } = [];

    /// <summary>The same once it has come: others than <see cref="Accounts"/> where keys of the secret stayed.</summary>
    public IReadOnlyList<CarriedAccount> AccountsThen { get; init; } = [];

    /// <summary>With what else is its own, as far as it still counts.</summary>
    internal CarriedUse With(CarriedUse part, long now) => this with
    {
        Sends = [.. Sends, .. part.Sends.Where(send => send.At + Reach > now)],
        Quotas = [.. Quotas.Select(quota => quota with
        {
            Uses = [.. quota.Uses, .. part.Quotas.Where(each => each.Quota.CountsLike(quota.Quota)).SelectMany(each => each.Uses).Where(use => use.At + quota.Reach > now)],
        })],
    };

    /// <summary>What of it was not carried before.</summary>
    internal CarriedUse Without(CarriedUse before) => this with
    {
        Sends = KnownUse.Without(Sends, before.Sends),
        Quotas = [.. Quotas.Select(quota => quota with
        {
            Uses = KnownUse.Without(quota.Uses, before.Quotas.FirstOrDefault(each => each.Quota.CountsLike(quota.Quota))?.Uses ?? []),
        })],
    };
}

/// <param name="Reach">How far back it knows all, in ticks.</param>
public sealed record CarriedQuota(Quota Quota, long Reach, IReadOnlyList<Use> Uses);

/// <param name="Number">Its own among all of all groups, so that nobody counts it twice.</param>
/// <param name="Need">What it is expected to use; what it used, once that is known.</param>
/// <param name="SentAt">Tick; <see cref="long.MinValue"/>: its permit is out.</param>
public sealed record CarriedQuery(long Number, QueryNeed Need, long SentAt, bool IsSettled);
