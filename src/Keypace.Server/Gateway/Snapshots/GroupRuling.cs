using System.Collections.Immutable;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Snapshots;

/// <summary>What rules a rate group when its keys say different things: always what lets less through.</summary>
internal static class GroupRuling
{
    /// <param name="keys">At least one.</param>
    public static GroupRules Of(ImmutableArray<ServedKey> keys) => keys is [{ Pacing.Limits.IsEmpty: true } alone] ? Of(alone) : new(keys.Min(key => key.Limit))
    {
        Mode = keys.Any(key => key.Pacing.Mode is PacingHint.Smooth) ? PacingMode.Smooth
            : keys.Any(key => key.Pacing.Mode is PacingHint.Burst) ? PacingMode.Burst
            : PacingMode.Auto,
        StartsSmooth = keys.Any(key => key.Hub.Pacing is PacingHint.Smooth),
        Guard = keys.Max(key => key.Pacing.GuardMs) is { } guard ? TimeSpan.FromMilliseconds(guard) : null,
        Quotas = [.. keys.SelectMany(key => key.Pacing.Limits).GroupBy(limit => limit with { Count = 0 }).Select(same => QuotaOf(same.MinBy(limit => limit.Count)))],
        MayRaise = keys.All(key => key.Pacing.LimitIsDefault),
        IsFrozen = keys.Any(key => key.Pacing.IsFrozen),
    };

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
