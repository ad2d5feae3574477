using Keypace.Contracts;
using Keypace.Server.Gateway;
using Keypace.Server.Pacing;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>A rate group's state in the wire's words, for one of its keys.</summary>
internal static class WireStatus
{
    /// <param name="tokenName">A token's name today, by its id.</param>
    public static ApiKeyStatus Of(ServedKey key, IReadOnlyList<string> groupKeys, GroupStatus status, DateTimeOffset now, Func<string, string> tokenName) => new(
        key.Id.ToString(),
        key.Name.Text,
        status.UsedNow,
        status.WaitingNow,
        [.. status.Waiting.Select(caller => new Contracts.WaitingCaller(
            caller.Caller, tokenName(caller.TokenId), caller.Count, caller.FirstPosition, Seconds(caller.FirstStart)))],
        status.NextFreeAt is { } free && free > now ? Seconds(free) : null,
        status.Limit.Count,
        status.Limit.Seconds,
        status.PausedUntil is { } until ? Seconds(until) : null,
        status.PausedWhy,
        (int)status.Guard.TotalMilliseconds,
        key.RateGroupId.ToString(),
        groupKeys);

    /// <summary>Unix seconds with fraction.</summary>
    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;
}
