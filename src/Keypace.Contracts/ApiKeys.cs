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
    string? Notice = null);

/// <summary>What <c>POST /v1/api-keys</c> takes. A limit that is left out is the hub's default.</summary>
public sealed record NewApiKey(
    string Name,
    string Hub,
    string? Value = null,
    int? RateLimitPerInterval = null,
    int? RateLimitInterval = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null,
    string? Url = null);

/// <summary>What <c>PUT /v1/api-keys/{id}</c> takes: absent members stay as they are.</summary>
public sealed record ApiKeyChange(
    string? Name = null,
    string? Hub = null,
    string? Value = null,
    int? RateLimitPerInterval = null,
    int? RateLimitInterval = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null,
    string? Url = null,
    string? Status = null,
    int? Version = null);

/// <summary>What <c>POST /v1/api-keys/test</c> takes: a secret that need not be stored.</summary>
public sealed record ApiKeyTest(
    string Hub,
    string? Value = null,
    string? Url = null,
    string? Model = null,
    IReadOnlyDictionary<string, string?>? HubConfig = null);

/// <param name="Status"><c>works</c>, <c>refused</c>, <c>unreachable</c> or <c>unknown</c>.</param>
/// <param name="RateLimit">The limit that the hub's answer reported, if it did.</param>
/// <param name="Interval">Seconds of that limit.</param>
/// <param name="Detail">A sentence for people, without any secret.</param>
public sealed record ApiKeyTestResult(string Status, int? RateLimit = null, int? Interval = null, string? Detail = null, int? LatencyMs = null);

public sealed record ApiKeyModels(IReadOnlyList<string>? Models);

/// <param name="AgentsWithoutKey">Names of the agents that used the key; their queries answer 409 until they get another.</param>
/// <param name="RestorableUntil">Unix seconds; until then <c>POST /v1/api-keys/{id}/restore</c> brings the key back.</param>
public sealed record ApiKeyDeleted(string Id, string Name, bool Deleted, IReadOnlyList<string> AgentsWithoutKey, long RestorableUntil);

/// <summary>What a key's limit is doing at this moment.</summary>
/// <param name="UsedNow">Requests that count against the limit now: sent within the last interval, or granted and about to be sent.</param>
/// <param name="NextFreeAt">Unix seconds with fraction at which a request could go; null when one could go now.</param>
/// <param name="PausedUntil">Unix seconds with fraction; null when not paused.</param>
/// <param name="GuardMs">Milliseconds added to the interval so that the hub's clock agrees.</param>
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
    IReadOnlyList<string> RateGroupKeys);

/// <param name="ExpectedStart">Unix seconds with fraction of the caller's first waiting query; null when it cannot be said.</param>
public sealed record WaitingCaller(string Caller, string Token, int Waiting, int FirstPosition, double? ExpectedStart);

/// <summary>Keys that one account's limit holds together.</summary>
public sealed record RateGroup(string Id, int RateLimitPerInterval, int RateLimitInterval, IReadOnlyList<string> ApiKeys, int UsedNow, int Waiting);
