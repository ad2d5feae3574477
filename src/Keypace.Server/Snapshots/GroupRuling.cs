using System.Collections.Immutable;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Snapshots;

/// <summary>
/// What rules a rate group when its keys say different things: all that they say together. Of two limits of one interval the smaller; limits of
/// different intervals rule beside each other, for 30 in 30 seconds lets a burst through that 10 a second does not, and the other way round.
/// </summary>
internal static class GroupRuling
{
    /// <param name="keys">At least one.</param>
    public static GroupRules Of(ImmutableArray<ServedKey> keys) => keys is [{ Pacing.Limits.IsEmpty: true } alone] ? Of(alone) : new(keys.Min(key => key.Limit))
    {
        Mode = keys.Any(key => key.Pacing.Mode is PacingHint.Smooth) ? PacingMode.Smooth
            : keys.Any(key => key.Pacing.Mode is PacingHint.Burst) ? PacingMode.Burst
            : PacingMode.Auto,
        StartsSmooth = keys.Any(key => key.Hub.Pacing is PacingHint.Smooth),
        // A key that names none has the measured one, which another's 0 does not take away.
        Guard = keys.All(key => key.Pacing.GuardMs is not null) ? GuardOf(keys) : null,
        LeastGuard = GuardOf(keys) ?? TimeSpan.Zero,
        Quotas = [.. keys.SelectMany(key => key.Pacing.Limits).Concat(OtherLimits(keys)).GroupBy(limit => limit with { Count = 0 }).Select(same => QuotaOf(same.MinBy(limit => limit.Count)))],
        MayRaise = keys.All(key => key.Pacing.LimitIsDefault),
        IsFrozen = keys.Any(key => key.Pacing.IsFrozen),
        HasSeveralSources = keys.Any(key => key.Source != keys[0].Source),
    };

    private static TimeSpan? GuardOf(ImmutableArray<ServedKey> keys) => keys.Max(key => key.Pacing.GuardMs) is { } guard ? TimeSpan.FromMilliseconds(guard) : null;

    /// <summary>The rate limits of other intervals than the lowest, as limits beside it; those that it lets nobody reach left out.</summary>
    private static IEnumerable<KeyLimit> OtherLimits(ImmutableArray<ServedKey> keys)
    {
        var lowest = keys.Min(key => key.Limit);
        return keys.Select(key => key.Limit).Distinct()
            .Where(limit => limit.Seconds != lowest.Seconds && limit.Count < (long)lowest.Count * ((limit.Seconds + lowest.Seconds - 1) / lowest.Seconds))
            .Select(limit => new KeyLimit(KeyLimitKind.Requests, limit.Count, limit.Seconds));
    }

    /// <summary>Almost every key; a store may hold a hundred thousand.</summary>
    private static GroupRules Of(ServedKey key) => new(key.Limit)
    {
        Mode = key.Pacing.Mode switch { PacingHint.Smooth => PacingMode.Smooth, PacingHint.Burst => PacingMode.Burst, _ => PacingMode.Auto },
        StartsSmooth = key.Hub.Pacing is PacingHint.Smooth,
        Guard = key.Pacing.GuardMs is { } guard ? TimeSpan.FromMilliseconds(guard) : null,
        MayRaise = key.Pacing.LimitIsDefault,
        IsFrozen = key.Pacing.IsFrozen,
    };

    public static Quota QuotaOf(in KeyLimit limit) => new(
        limit.Kind switch
        {
            KeyLimitKind.Tokens => QuotaDimension.Tokens,
            KeyLimitKind.InputTokens => QuotaDimension.InputTokens,
            KeyLimitKind.OutputTokens => QuotaDimension.OutputTokens,
            KeyLimitKind.Concurrent => QuotaDimension.Concurrent,
            _ => QuotaDimension.Requests,
        },
        limit.Count,
        limit.Seconds ?? 0,
        // A zone that this machine has lost since it was stored: its days begin somewhere, and somewhere is better than nowhere.
        limit.Zone is null ? null : TimeZoneInfo.TryFindSystemTimeZoneById(limit.Zone, out var zone) ? zone : TimeZoneInfo.Utc,
        limit.Model);
}
