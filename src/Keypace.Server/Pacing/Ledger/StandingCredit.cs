using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>
/// What a group may send between the moment it wakes and the moment its note is on the disk. After a power failure every group is taken to
/// have sent this much.
/// </summary>
internal static class StandingCredit
{
    /// <summary>A twentieth of the limit, or of a limit of requests beside it that is smaller: else a kill could cost a whole day's.</summary>
    public static int Of(RateLimit limit, IReadOnlyList<Quota> quotas)
    {
        long least = limit.Count;
        foreach (var quota in quotas)
        {
            if (quota.Dimension is QuotaDimension.Requests)
                least = Math.Min(least, quota.Limit);
        }

        return (int)Math.Max(1, least / 20);
    }

    /// <summary>
    /// Tokens that a group may reserve before its first line is on the disk. Where all its limits of tokens are short, the first queries need not wait for
    /// the disk: after a power failure it costs a few minutes at most.
    /// </summary>
    public static long TokensUnseen(IReadOnlyList<Quota> quotas)
    {
        var isShort = true;
        var least = long.MaxValue;
        foreach (var quota in quotas)
        {
            if (quota.CountsTokens)
            {
                least = Math.Min(least, quota.Limit);
                isShort &= quota is { Zone: null, Seconds: <= Pacer.LongestForgetful };
            }
        }

        return isShort && least < long.MaxValue ? Math.Max(TokensOf(quotas), Math.Min(least, 2 * Pacer.UnknownAnswer)) : TokensOf(quotas);
    }

    /// <summary>The same in tokens: a twentieth of the smallest limit that counts them; 0 without one.</summary>
    public static long TokensOf(IReadOnlyList<Quota> quotas)
    {
        var least = long.MaxValue;
        foreach (var quota in quotas)
        {
            if (quota.CountsTokens)
                least = Math.Min(least, quota.Limit);
        }

        return least == long.MaxValue ? 0 : Math.Max(1, least / 20);
    }
}
