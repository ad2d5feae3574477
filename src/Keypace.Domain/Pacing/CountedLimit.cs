namespace Keypace.Domain.Pacing;

/// <summary>A limit that counts what is used, whether it rules or did lately.</summary>
/// <param name="Quota">Never of one source; of one that rules no longer the number is <see cref="Quota.MostLimit"/>.</param>
/// <param name="Until">Tick until which it counts although it rules no longer; <see cref="long.MaxValue"/>: it rules.</param>
public readonly record struct CountedLimit(Quota Quota, long Until);
