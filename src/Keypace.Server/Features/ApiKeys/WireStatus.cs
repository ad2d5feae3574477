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
        groupKeys,
        status.PausedUntil is not null ? "pause" : status.NextFreeAt is null || status.NextFreeAt > now ? "rate_limit" : null,
        Limits: [],
        Events: [],
        UnknownPastUntil: status.UnknownPastUntil is { } past ? Seconds(past) : null,
        History: HistoryOf(status, tokenName));

    private static Contracts.SendHistory? HistoryOf(GroupStatus status, Func<string, string> tokenName)
    {
        if (status.History is not { } history)
            return null;
        var names = history.Callers.Select(caller =>
            caller.Caller.Length > 0 ? caller.Caller : caller.TokenId.Length > 0 ? tokenName(caller.TokenId) : "others").ToList();
        // Two tokens may call themselves the same.
        for (var i = 0; i < names.Count; i++)
        {
            if (names.IndexOf(names[i]) != i)
                names[i] = $"{names[i]} ({tokenName(history.Callers[i].TokenId)})";
        }

        return new Contracts.SendHistory(history.Bucket / 1e9, Seconds(status.HistoryNewestAt), names, history.Sends);
    }

    /// <summary>Unix seconds with fraction.</summary>
    private static double Seconds(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds() / 1000.0;
}
