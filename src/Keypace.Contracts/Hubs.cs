namespace Keypace.Contracts;

/// <summary>A place that serves models, with the limit that Keypace assumes until told otherwise.</summary>
/// <param name="RateLimitTier">The provider's tier that the default limit belongs to.</param>
/// <param name="RateLimitSource">Where the number was read.</param>
/// <param name="RateLimitAsOf">When it was read (ISO date, or a month).</param>
/// <param name="RateLimitConfidence">How sure we are, in a few words.</param>
/// <param name="Served">True when queries can be sent to the hub; false when its keys can only be stored so far.</param>
/// <param name="KeyPage">Where people get a key.</param>
/// <param name="Fields">All hub_config fields that keys of this hub take; <paramref name="Ways"/> says which belong together.</param>
/// <param name="KeyPageText">What a link to <paramref name="KeyPage"/> says.</param>
/// <param name="RateLimitWhy">Why this number, where it is not simply the published one.</param>
/// <param name="Pacing"><c>auto</c>, <c>burst</c> or <c>smooth</c>: how the hub takes its allowance.</param>
/// <param name="RateLimitIsTeams">True when the team has set the limit itself; tier, source and date are then those of the hub's own default.</param>
/// <param name="Ways">The kinds of credential there are, the ordinary one first; never empty. A form shows one at a time.</param>
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
    IReadOnlyList<HubField>? Fields = null,
    string? KeyPageText = null,
    string? RateLimitWhy = null,
    string? Pacing = null,
    IReadOnlyList<HubWay>? Ways = null,
    bool RateLimitIsTeams = false);

/// <summary>What <c>PUT /v1/hubs/{name}</c> takes: the limit of the team's new keys on this hub. Without a count it is the hub's own default again; a count alone counts by the minute.</summary>
public sealed record HubDefault(int? RateLimitPerInterval = null, int? RateLimitInterval = null);

/// <summary>A hub_config field.</summary>
/// <param name="Required">True when no key of the hub works without it.</param>
/// <param name="Secret">True for fields that are sealed and only shown masked.</param>
/// <param name="Form">What it holds: <c>text</c>, <c>header_name</c>, <c>header_scheme</c>, <c>header_value</c>, <c>headers</c>, <c>list</c>, <c>json_template</c>, <c>json_path</c> or <c>service_account</c>. Further words may come: show those as text.</param>
/// <param name="Multiline">True when a form should give it several lines.</param>
/// <param name="Hint">An example or what to look for, in a few words.</param>
public sealed record HubField(string Name, string Label, bool Required, bool Secret, string Form = "text", bool Multiline = false, string? Hint = null);

/// <summary>One kind of credential of a hub, as a form shows it.</summary>
/// <param name="Label">For people: <c>Service account</c>.</param>
/// <param name="Value">Whether the key's <c>value</c> is <c>required</c>, <c>optional</c> or <c>none</c> (the secret is among the fields).</param>
/// <param name="ValueLabel">What the value is called: <c>Model access key</c>; null where there is none.</param>
/// <param name="Url">Whether the key's <c>url</c> is <c>required</c> or <c>optional</c> (the hub has an address of its own).</param>
/// <param name="Fields">Names of the hub_config fields to show, in this order.</param>
/// <param name="Needs">Those of them that must be filled in.</param>
/// <param name="ChosenBy">A key uses this way when one of these fields (or its <c>display_…</c> mask) has a value; empty for the ordinary way.</param>
public sealed record HubWay(
    string Label, string Value, string? ValueLabel, string Url, IReadOnlyList<string> Fields, IReadOnlyList<string> Needs, IReadOnlyList<string> ChosenBy);
