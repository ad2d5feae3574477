using System.Text.Json.Serialization;

namespace Keypace.Contracts;

/// <summary>An API key as the wire shows it. The secret itself is never on the wire outward.</summary>
/// <param name="Id">A UUID; stays when the key is renamed.</param>
/// <param name="RateLimitPerInterval">At most so many requests in any interval; 1 to 1,000,000.</param>
/// <param name="RateLimitInterval">Seconds; 1 to 86,400.</param>
/// <param name="DisplayValue"><c>****</c> and the last four characters; <c>****</c> alone for secrets under 20 characters.</param>
/// <param name="HubConfig">The hub's own fields, secrets masked as <c>display_…</c>; null when the hub has none.</param>
/// <param name="Url">Base address the secret is bound to, where it differs from the hub's own.</param>
/// <param name="Status"><c>active</c> or <c>disabled</c>.</param>
/// <param name="Version">Counts changes; send it back in a PUT to be told about somebody else's change (412).</param>
/// <param name="RateGroupId">Keys with the same secret and destination share one group and the lowest of their limits.</param>
/// <param name="Notice">A sentence when something about the key needs attention; otherwise null.</param>
/// <param name="Pacing"><c>auto</c> (as the hub's file says, then as its refusals teach), <c>burst</c> (up to the whole limit at once) or <c>smooth</c> (evenly).</param>
/// <param name="GuardMs">Milliseconds added to each interval for this key; null for the server's own measure.</param>
/// <param name="Limits">Limits beside the rate limit; a query goes when all allow.</param>
/// <param name="RateLimitSource"><c>default</c> while the limit is the hub's default, <c>set</c> when somebody chose it.</param>
/// <param name="LimitFrozen">True when nothing that the hub's answers say changes the limit.</param>
/// <param name="PassHeaders">Callers' headers that pass to the hub beside those that pass for every key: names in lower case, or beginnings with a <c>*</c>.</param>
/// <param name="DropParams">Members of queries that are left out where the hub's language has no place for them, instead of a 400; <c>["*"]</c> (on the wire <c>true</c>) for all.</param>
/// <param name="State">
/// What the key comes to now: <c>active</c>, <c>disabled</c>, <c>refused</c> (the hub takes the secret no more), <c>spend_limit</c> (nothing is left to spend at the hub),
/// <c>failing</c> (queries through it fail), <c>paused</c> or <c>lowered</c> (by the hub), <c>secret_needed</c> (its hub is elsewhere now), <c>stored_only</c>. <c>notice</c> says why.
/// </param>
public sealed record ApiKey(
    string Id,
    string Name,
    string Hub,
    int RateLimitPerInterval,
    int RateLimitInterval,
    string DisplayValue,
    IReadOnlyDictionary<string, string?>? HubConfig,
    string UserId,
    string TeamId,
    string Status,
    string? Url = null,
    int Version = 1,
    string? RateGroupId = null,
    long CreatedAt = 0,
    long UpdatedAt = 0,
    long? LastUsedAt = null,
    string? Notice = null,
    string Pacing = "auto",
    int? GuardMs = null,
    IReadOnlyList<ApiKeyLimit>? Limits = null,
    string RateLimitSource = "set",
    bool LimitFrozen = false,
    IReadOnlyList<string>? PassHeaders = null,
    string State = "active",
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>One limit of a key beside its rate limit.</summary>
/// <param name="Dimension"><c>tokens</c> (query and answer), <c>input_tokens</c>, <c>output_tokens</c>, <c>concurrent</c> (queries under way) or <c>requests</c>.</param>
/// <param name="Limit">Most of it in the interval, or at one time.</param>
/// <param name="IntervalSeconds">Seconds, 1 to 86,400; tokens without it count by the minute. Not for <c>concurrent</c>, not with a calendar zone.</param>
/// <param name="CalendarZone">IANA time zone of a hub that counts by calendar days (<c>America/Los_Angeles</c>, <c>UTC</c>); null for any interval.</param>
/// <param name="Model">The hub's own name of the only model that it holds for; null for all models.</param>
public sealed record ApiKeyLimit(string Dimension, long Limit, int? IntervalSeconds = null, string? CalendarZone = null, string? Model = null);

/// <summary>What <c>POST /v1/api-keys</c> takes. A limit that is left out is the hub's default.</summary>
public sealed record NewApiKey(
    string Name,
    string Hub,
    string? Value = null,
    int? RateLimitPerInterval = null,
    int? RateLimitInterval = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null,
    string? Url = null,
    string? Pacing = null,
    int? GuardMs = null,
    IReadOnlyList<ApiKeyLimit>? Limits = null,
    string? RateLimitSource = null,
    bool? LimitFrozen = null,
    IReadOnlyList<string>? PassHeaders = null,
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>What <c>PUT /v1/api-keys/{id}</c> takes: absent members stay as they are.</summary>
/// <param name="GuardMs">0 to 5,000; -1 goes back to the server's own measure.</param>
/// <param name="Limits">All of them: an empty list takes every one away.</param>
/// <param name="RateLimitSource"><c>default</c> goes back to the hub's default limit, <c>set</c> keeps the present one as chosen.</param>
/// <param name="PassHeaders">All of them: an empty list takes every one away.</param>
/// <param name="DropParams">All of them: an empty list takes every one away.</param>
/// <param name="RateGroupId">A group out of <c>GET /v1/rate-groups</c>, or <c>own</c> for the key's own.</param>
public sealed record ApiKeyChange(
    string? Name = null,
    string? Hub = null,
    string? Value = null,
    int? RateLimitPerInterval = null,
    int? RateLimitInterval = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null,
    string? Url = null,
    string? Status = null,
    int? Version = null,
    string? Pacing = null,
    int? GuardMs = null,
    IReadOnlyList<ApiKeyLimit>? Limits = null,
    string? RateLimitSource = null,
    bool? LimitFrozen = null,
    string? RateGroupId = null,
    IReadOnlyList<string>? PassHeaders = null,
    [property: JsonConverter(typeof(DropParamsJson))] IReadOnlyList<string>? DropParams = null);

/// <summary>What <c>POST /v1/api-keys/test</c> takes: a secret that need not be stored.</summary>
public sealed record ApiKeyTest(
    string Hub,
    string? Value = null,
    string? Url = null,
    string? Model = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null);

/// <summary>What the hub said when it was asked whether a secret works.</summary>
/// <param name="Status">
/// <c>works</c>; <c>refused</c> (with the hub's reason in <paramref name="Detail"/>); <c>no_quota</c>: accepted, but nothing left to spend;
/// <c>no_access</c>: accepted, but not for this model; <c>unreachable</c>; <c>wrong_address</c>: something else answers there; or <c>unknown</c>.
/// </param>
/// <param name="RateLimit">The limit that the hub's answer reported, if it did.</param>
/// <param name="Interval">Seconds of that limit.</param>
/// <param name="Detail">A sentence for people, without any secret.</param>
/// <param name="LatencyMs">Milliseconds from the beginning of the test to its end, waiting for a turn included.</param>
/// <param name="Models">Models that the hub listed for the key, where the test asked for them.</param>
/// <param name="Limits">Everything that the answer's headers said about limits.</param>
public sealed record ApiKeyTestResult(string Status, int? RateLimit = null, int? Interval = null, string? Detail = null, int? LatencyMs = null,
    IReadOnlyList<string>? Models = null, IReadOnlyList<ReportedLimit>? Limits = null);

/// <summary>One limit as a hub reports it in the headers of its answers.</summary>
/// <param name="Dimension"><c>requests</c>, <c>tokens</c>, <c>input_tokens</c> or <c>output_tokens</c>.</param>
/// <param name="IntervalSeconds">Seconds that the limit counts in.</param>
/// <param name="Limit">Null when it was not reported; 0 means: not on this plan.</param>
/// <param name="ResetInSeconds">Until it is whole again; null when not reported.</param>
public sealed record ReportedLimit(string Dimension, int IntervalSeconds, long? Limit, long? Remaining, double? ResetInSeconds);

/// <summary>The models that a key's hub offers to it; null when the hub has no such list.</summary>
public sealed record ApiKeyModels(IReadOnlyList<string>? Models);

/// <summary>A key that was deleted, and what that breaks.</summary>
/// <param name="AgentsWithoutKey">Names of the agents that used the key; their queries answer 409 until they get another.</param>
/// <param name="RestorableUntil">Unix seconds; until then <c>POST /v1/api-keys/{id}/restore</c> brings the key back.</param>
public sealed record ApiKeyDeleted(string Id, string Name, bool Deleted, IReadOnlyList<string> AgentsWithoutKey, long RestorableUntil);

/// <summary>What a key's limit is doing at this moment.</summary>
/// <param name="UsedNow">Requests that count against the limit now: sent within the last interval, or granted and about to be sent.</param>
/// <param name="NextFreeAt">Unix seconds with fraction at which a request could go; null when one could go now.</param>
/// <param name="PausedUntil">Unix seconds with fraction; null when not paused.</param>
/// <param name="GuardMs">Milliseconds added to the interval so that the hub's clock agrees.</param>
/// <param name="Binding">
/// What keeps the next query from going: <c>rate_limit</c>, <c>slice</c> (a part of it that is sent evenly), <c>pause</c>, <c>restart</c> (the past is being
/// waited out), or another limit as <c>tokens=90000/60</c>; null when one could go now.
/// </param>
/// <param name="PacingNow"><c>burst</c> or <c>smooth</c>: what it does at this moment.</param>
/// <param name="PacingWhy">The same and its reason, in a sentence.</param>
/// <param name="Limits">The limits beside the rate limit, as they stand.</param>
/// <param name="Events">What changed by itself, newest first.</param>
/// <param name="UnknownPastUntil">Unix seconds with fraction until which sends of before a crash are waited out; null when there are none.</param>
/// <param name="History">Sends of the last three intervals.</param>
/// <param name="ReportedLimits">Everything that they said last about limits, of requests and of tokens.</param>
/// <param name="ReportedAt">Unix seconds with fraction at which they said it; null when the hub has said nothing.</param>
/// <param name="Burst">Most requests that go at once.</param>
/// <param name="SliceSeconds">In which time no more than <paramref name="Burst"/> go; null when that is the whole interval.</param>
/// <param name="Lessons">What the hub taught and what is still believed; it outlives restarts.</param>
/// <param name="ReportedLimit">What the hub's headers said last of requests; <c>POST /v1/api-keys/{id}/take-reported-limit</c> makes it the key's own.</param>
public sealed record ApiKeyStatus(
    string Id,
    string Name,
    int UsedNow,
    int Waiting,
    IReadOnlyList<WaitingCaller> WaitingByCaller,
    double? NextFreeAt,
    int EffectiveLimit,
    int RateLimitInterval,
    double? PausedUntil,
    string? PausedWhy,
    int GuardMs,
    string RateGroupId,
    IReadOnlyList<string> RateGroupKeys,
    string? Binding = null,
    string PacingNow = "burst",
    string? PacingWhy = null,
    IReadOnlyList<LimitUse>? Limits = null,
    IReadOnlyList<PacingEvent>? Events = null,
    double? UnknownPastUntil = null,
    SendHistory? History = null,
    ReportedLimit? ReportedLimit = null,
    IReadOnlyList<ReportedLimit>? ReportedLimits = null,
    double? ReportedAt = null,
    int? Burst = null,
    double? SliceSeconds = null,
    IReadOnlyList<HubLesson>? Lessons = null);

/// <summary>Something that the hub taught and that is still believed; <c>DELETE /v1/api-keys/{id}/lessons</c> takes it back.</summary>
/// <param name="Kind"><c>limit</c>, <c>bursts</c>, <c>pause</c> or <c>circuit</c> (queries of a model are refused without being sent).</param>
/// <param name="What">In a sentence.</param>
/// <param name="Model">Of a circuit; null for queries that name none, and for all else.</param>
/// <param name="ConfirmedAt">Unix seconds with fraction at which the hub last said so; null where it ends at a fixed time.</param>
/// <param name="EndsAt">Unix seconds with fraction; without refusals limits and bursts end sooner.</param>
public sealed record HubLesson(string Kind, string What, string? Model, double? ConfirmedAt, double EndsAt);

/// <summary>A limit beside the rate limit, as it stands.</summary>
/// <param name="Used">What counts now, estimates of queries under way included.</param>
/// <param name="FreeAt">Unix seconds with fraction at which some of it is free; null when it is, or when nobody knows.</param>
public sealed record LimitUse(
    string Dimension, long Limit, long Used, int? IntervalSeconds = null, string? CalendarZone = null, string? Model = null, double? FreeAt = null);

/// <summary>One thing that Keypace changed by itself.</summary>
/// <param name="At">Unix seconds with fraction.</param>
/// <param name="Kind"><c>limit_lowered</c>, <c>limit_raised</c>, <c>foreign_traffic</c>, <c>paused</c>, <c>bursts_shrunk</c>, <c>bursts_grown</c>, <c>circuit_opened</c>, <c>model_paused</c>, …</param>
/// <param name="Cause">What the hub said or did, in a sentence.</param>
/// <param name="Before">In the kind's unit; null where there is none.</param>
public sealed record PacingEvent(double At, string Kind, string Cause, double? Before = null, double? After = null);

/// <summary>Sends of the last three intervals, for a picture.</summary>
/// <param name="BucketSeconds">Length of a bucket: a sixtieth of the interval.</param>
/// <param name="NewestAt">Unix seconds with fraction at which the newest bucket began; it is still being filled.</param>
/// <param name="Callers">Names of the callers: their own, else their token's.</param>
/// <param name="Sends">One row a bucket, oldest first; one number a caller.</param>
public sealed record SendHistory(double BucketSeconds, double NewestAt, IReadOnlyList<string> Callers, IReadOnlyList<IReadOnlyList<int>> Sends);

/// <summary>One caller in a key's queue.</summary>
/// <param name="ExpectedStart">Unix seconds with fraction of the caller's first waiting query; null when it cannot be said.</param>
public sealed record WaitingCaller(string Caller, string Token, int Waiting, int FirstPosition, double? ExpectedStart);

/// <summary>Keys that one account's limit holds together.</summary>
public sealed record RateGroup(string Id, int RateLimitPerInterval, int RateLimitInterval, IReadOnlyList<string> ApiKeys, int UsedNow, int Waiting);
