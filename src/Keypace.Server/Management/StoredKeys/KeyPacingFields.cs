using System.Globalization;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Requests;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>What people say about a key's pacing beside its rate limit, checked field by field and put into its row.</summary>
internal static class KeyPacingFields
{
    /// <summary>A guard longer than this costs more than any network is worth, in milliseconds.</summary>
    public const int MostGuardMs = 5_000;

    /// <summary>In a change: go back to the server's own measure.</summary>
    private const int ServersGuard = -1;

    private const int LongestModel = 256;

    public static void Check(NewApiKey wanted, FieldProblems problems)
    {
        CheckWords(wanted.Pacing, wanted.RateLimitSource, problems);
        problems.CheckRange("guard_ms", wanted.GuardMs, 0, MostGuardMs);
        CheckLimits(wanted.Limits, problems);
        CheckSource(wanted.RateLimitSource, wanted.RateLimitPerInterval, wanted.RateLimitInterval, problems);
    }

    public static void Check(ApiKeyChange wanted, FieldProblems problems)
    {
        CheckWords(wanted.Pacing, wanted.RateLimitSource, problems);
        if (wanted.GuardMs != ServersGuard)
            problems.CheckRange("guard_ms", wanted.GuardMs, 0, MostGuardMs);
        CheckLimits(wanted.Limits, problems);
        CheckSource(wanted.RateLimitSource, wanted.RateLimitPerInterval, wanted.RateLimitInterval, problems);
    }

    /// <summary>For a new row. The fields were checked.</summary>
    public static void Put(ApiKeyRow row, NewApiKey wanted) =>
        (row.Pacing, row.GuardMs, row.Limits, row.LimitFrozen) = (wanted.Pacing ?? "auto", wanted.GuardMs, Stored(wanted.Limits), wanted.LimitFrozen ?? false);

    /// <summary>What a change names; the rest stays. The fields were checked.</summary>
    public static void Put(ApiKeyRow row, ApiKeyChange wanted)
    {
        row.Pacing = wanted.Pacing ?? row.Pacing;
        row.GuardMs = wanted.GuardMs is { } guard ? (guard == ServersGuard ? null : guard) : row.GuardMs;
        row.Limits = wanted.Limits is null ? row.Limits : Stored(wanted.Limits);
        row.LimitFrozen = wanted.LimitFrozen ?? row.LimitFrozen;
    }

    private static void CheckWords(string? pacing, string? source, FieldProblems problems)
    {
        if (pacing is not null && !PacingWords.TryParseMode(pacing, out _))
            problems.Add(["body", "pacing"], "A key's pacing is 'auto', 'burst' or 'smooth'.", "enum");
        if (source is not (null or LimitSources.Default or LimitSources.Set))
            problems.Add(["body", "rate_limit_source"], "This is 'default' for the hub's own limit, or 'set' for one that you chose.", "enum");
    }

    private static void CheckSource(string? source, int? count, int? seconds, FieldProblems problems)
    {
        if (source == LimitSources.Default && (count is not null || seconds is not null))
            problems.Add(["body", "rate_limit_source"], "The hub's default limit and a limit of your own cannot both hold. Leave one of them out.", "conflict");
    }

    private static void CheckLimits(IReadOnlyList<ApiKeyLimit>? limits, FieldProblems problems)
    {
        if (limits is null)
            return;
        if (limits.Count > KeyLimit.MostOnOneKey)
            problems.Add(["body", "limits"], $"A key has at most {KeyLimit.MostOnOneKey} limits beside its rate limit.", "too_long");
        var seen = new List<KeyLimit>();
        for (var i = 0; i < Math.Min(limits.Count, KeyLimit.MostOnOneKey); i++)
        {
            if (CheckLimit(limits[i], i, problems) is not { } limit)
                continue;
            if (seen.Exists(limit.IsOfSameThing))
                problems.Add(Path(i, "dimension"), "This limit stands here twice: same dimension, interval and model. Keep the lower one.", "duplicate");
            seen.Add(limit);
        }
    }

    /// <summary>Null after noting what is wrong.</summary>
    private static KeyLimit? CheckLimit(ApiKeyLimit wanted, int index, FieldProblems problems)
    {
        var isWrong = false;
        void Wrong(string field, string message, string type)
        {
            isWrong = true;
            problems.Add(Path(index, field), message, type);
        }

        if (!KeyLimitWords.TryParse(wanted.Dimension, out var kind))
        {
            Wrong("dimension", $"A limit's dimension is {KeyLimitWords.All}.", "enum");
            return null;
        }

        var limit = Limit(wanted, kind);
        if (wanted.Limit < 1 || wanted.Limit > limit.MostCount)
            Wrong("limit", $"This lies between 1 and {limit.MostCount.ToString("N0", CultureInfo.InvariantCulture)}.", "out_of_range");
        if (wanted.IntervalSeconds is < 1 or > RateLimit.MostSeconds)
            Wrong("interval_seconds", $"This lies between 1 and {RateLimit.MostSeconds:N0}.", "out_of_range");
        if (kind is KeyLimitKind.Concurrent && (wanted.IntervalSeconds is not null || wanted.CalendarZone is not null))
            Wrong("interval_seconds", "What runs at one time has no interval and no calendar. Leave both out.", "conflict");
        if (kind is KeyLimitKind.Requests && wanted is { IntervalSeconds: null, CalendarZone: null })
            Wrong("interval_seconds", "Say the seconds of this limit (86400 for any 24 hours), or the calendar_zone of a hub that counts by days.", "missing");
        if (wanted is { IntervalSeconds: not null, CalendarZone: not null } && kind is not KeyLimitKind.Concurrent)
            Wrong("calendar_zone", "A limit counts by calendar days or by any interval, not by both.", "conflict");
        if (wanted.CalendarZone is { } zone && (zone.Length > 64 || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _)))
            Wrong("calendar_zone", "This is no time zone that this server knows. Write it like 'America/Los_Angeles' or 'UTC'.", "enum");
        if (wanted.Model is { } model && (model.Length is 0 or > LongestModel || model.Any(char.IsControl)))
            Wrong("model", $"A model's name has 1 to {LongestModel} characters, none of them control characters.", "string_length");
        return isWrong ? null : limit;
    }

    private static KeyLimit Limit(ApiKeyLimit wanted, KeyLimitKind kind) => new(
        kind,
        wanted.Limit,
        kind is KeyLimitKind.Concurrent || wanted.CalendarZone is not null ? null : wanted.IntervalSeconds ?? KeyLimit.DefaultSeconds,
        wanted.CalendarZone,
        wanted.Model);

    /// <summary>With every interval written out.</summary>
    private static string? Stored(IReadOnlyList<ApiKeyLimit>? limits) => limits is null or { Count: 0 }
        ? null
        : JsonSerializer.Serialize(
            [.. limits.Select(limit => KeyLimitWords.TryParse(limit.Dimension, out var kind) ? limit with { IntervalSeconds = Limit(limit, kind).Seconds } : limit)],
            KeypaceJson.Default.IReadOnlyListApiKeyLimit);

    private static string[] Path(int index, string field) => ["body", "limits", index.ToString(CultureInfo.InvariantCulture), field];
}
