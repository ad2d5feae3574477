using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>A rate group's state in the wire's words, for one of its keys.</summary>
internal static class WireStatus
{
    /// <summary>A start later than this hangs on answers that nobody can foresee.</summary>
    private static readonly TimeSpan Foreseeable = TimeSpan.FromDays(3_660);

    /// <param name="tokenName">A token's name today, by its id.</param>
    public static ApiKeyStatus Of(ServedKey key, IReadOnlyList<string> groupKeys, GroupStatus status, DateTimeOffset now, Func<string, string> tokenName)
    {
        var own = status.LessonsOfSecrets.FirstOrDefault(lessons => lessons.Source == key.Source);
        if (own?.Pause is { } pause && !(status.PausedUntil > pause.Until))
        {
            status = status with
            {
                PausedUntil = pause.Until, PausedWhy = pause.Why,
                Binding = pause.Until > now ? BindingKind.Pause : status.Binding,
                NextFreeAt = status.NextFreeAt < pause.Until ? pause.Until : status.NextFreeAt,
            };
        }

        return Of(key, groupKeys, status, own, now, tokenName);
    }

    private static ApiKeyStatus Of(
        ServedKey key, IReadOnlyList<string> groupKeys, GroupStatus status, KeptLessons? own, DateTimeOffset now, Func<string, string> tokenName) => new(
        key.Id.ToString(),
        key.Name.Text,
        status.UsedNow,
        status.WaitingNow,
        [.. status.Waiting.Select(caller => new Contracts.WaitingCaller(
            caller.Caller, tokenName(caller.TokenId), caller.Count, caller.FirstPosition, caller.FirstStart - now < Foreseeable ? Seconds(caller.FirstStart) : null))],
        status.NextFreeAt is { } free && free > now && free - now < Foreseeable ? Seconds(free) : null,
        status.Limit.Count,
        status.Limit.Seconds,
        status.PausedUntil is { } until ? Seconds(until) : null,
        status.PausedWhy,
        (int)status.Guard.TotalMilliseconds,
        key.RateGroupId.ToString(),
        groupKeys,
        LimitText.Of(status.Binding, status.BindingQuota),
        status.Slice == TimeSpan.Zero ? "burst" : status.Shape.IsSmooth(status.Limit) ? "smooth" : "smaller_bursts",
        PacingSentences.Why(status, key.Hub.DisplayName, now),
        [.. status.Quotas.Select(use => LimitOf(use, now))],
        [.. status.Events.Select(one => PacingSentences.Of(one))],
        status.UnknownPastUntil is { } past ? Seconds(past) : null,
        HistoryOf(status, tokenName),
        status.Reported is { Limit: not null } report ? new ReportedLimit("requests", report.IntervalSeconds, report.Limit, report.Remaining, null) : null,
        [.. (status.Heard?.Readings ?? []).Select(reading => new ReportedLimit(
            LimitSignals.WordOf(reading.Dimension), reading.IntervalSeconds, reading.Limit, reading.Remaining,
            reading.ResetIn is { } reset ? Math.Max(0, Math.Round((reset - (now - status.Heard!.At)).TotalSeconds, 3)) : null))],
        status.Heard is { } heard ? Seconds(heard.At) : null,
        status.Shape.Burst,
        status.Slice == TimeSpan.Zero ? null : Math.Round(status.Slice.TotalSeconds, 3),
        [.. LessonSentences.Of(status.Lessons, status.Limit, key.Hub.DisplayName), .. own is null ? [] : LessonSentences.OfSecret(own, key.Hub.DisplayName)]);

    private static LimitUse LimitOf(QuotaStatus use, DateTimeOffset now) => new(
        LimitText.Word(use.Quota),
        use.Quota.Limit,
        use.Used,
        use.Quota.Seconds == 0 ? null : use.Quota.Seconds,
        use.Quota.Zone?.Id,
        use.Quota.Model,
        use.FreeAt is { } free && free > now ? Seconds(free) : null);

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
