namespace Keypace.Contracts;

/// <summary>A place that serves models, with the limit that Keypace assumes until told otherwise.</summary>
/// <param name="RateLimitTier">The provider's tier that the default limit belongs to.</param>
/// <param name="RateLimitSource">Where the number was read.</param>
/// <param name="RateLimitAsOf">When it was read (ISO date, or a month).</param>
/// <param name="RateLimitConfidence">How sure we are, in a few words.</param>
/// <param name="Served">True when queries can be sent to the hub; false when its keys can only be stored so far.</param>
/// <param name="Fields">The hub_config fields that a key of this hub takes.</param>
public sealed record Hub(
    string Id,
    string Name,
    string DisplayName,
    IReadOnlyList<string> Models,
    int RateLimitPerInterval,
    int RateLimitInterval,
    string? RateLimitTier = null,
    string? RateLimitSource = null,
    string? RateLimitAsOf = null,
    string? RateLimitConfidence = null,
    bool Served = false,
    string? BaseUrl = null,
    bool UrlRequired = false,
    string? KeyPage = null,
    IReadOnlyList<HubField>? Fields = null);

/// <summary>A hub_config field.</summary>
/// <param name="Secret">True for fields that are sealed and only shown masked.</param>
public sealed record HubField(string Name, string Label, bool Required, bool Secret);
