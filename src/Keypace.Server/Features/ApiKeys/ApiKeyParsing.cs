using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Server.Management.Requests;
using Keypace.Server.Management.StoredKeys;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Bodies of key calls into wire records: right types, nothing else. What the values may be is decided by the operations.</summary>
internal static class ApiKeyParsing
{
    public static Outcome<NewApiKey> New(BodyFields body, HubCatalogue hubs)
    {
        var key = new NewApiKey(
            body.RequiredText("name"),
            body.RequiredText("hub"),
            body.Text("value"),
            body.Whole("rate_limit_per_interval"),
            body.Whole("rate_limit_interval"),
            HubConfigOf(body, hubs),
            body.Text("url"),
            body.Text("pacing"),
            body.Whole("guard_ms"),
            LimitsOf(body),
            body.Text("rate_limit_source"),
            body.Flag("limit_frozen"),
            body.List("pass_headers"),
            DropParams: body.ListOrAll("drop_params"));
        if (body.Refusal is null)
            return key;
        NewKeys.CheckLimit(key.RateLimitPerInterval, key.RateLimitInterval, body.Problems);
        return body.Refusal;
    }

    public static Outcome<ApiKeyChange> Change(BodyFields body, HubCatalogue hubs)
    {
        var change = new ApiKeyChange(
            body.Text("name"),
            body.Text("hub"),
            body.Text("value"),
            body.Whole("rate_limit_per_interval"),
            body.Whole("rate_limit_interval"),
            HubConfigOf(body, hubs),
            body.Text("url"),
            body.Text("status"),
            body.Whole("version"),
            body.Text("pacing"),
            body.Whole("guard_ms"),
            LimitsOf(body),
            body.Text("rate_limit_source"),
            body.Flag("limit_frozen"),
            body.Text("rate_group_id"),
            body.List("pass_headers"),
            DropParams: body.ListOrAll("drop_params"));
        if (body.Refusal is null)
            return change;
        NewKeys.CheckLimit(change.RateLimitPerInterval, change.RateLimitInterval, body.Problems);
        return body.Refusal;
    }

    public static Outcome<ApiKeyTest> Test(BodyFields body, HubCatalogue hubs)
    {
        var test = new ApiKeyTest(
            body.RequiredText("hub"), body.Text("value"), body.Text("url"), body.Text("model"), HubConfigOf(body, hubs));
        return body.Refusal is { } refusal ? refusal : test;
    }

    private static List<ApiKeyLimit>? LimitsOf(BodyFields body) => body.Objects("limits")?.Select(limit => new ApiKeyLimit(
        limit.RequiredText("dimension"),
        limit.RequiredLongWhole("limit"),
        limit.Whole("interval_seconds"),
        limit.Text("calendar_zone"),
        limit.Text("model"))).ToList();

    private static IReadOnlyDictionary<string, string?>? HubConfigOf(BodyFields body, HubCatalogue hubs)
    {
        // Any hub's field must be a text: which hub it is may be known only from the store.
        var known = hubs.All.SelectMany(hub => hub.Fields).Select(field => field.Name).ToHashSet(StringComparer.Ordinal);
        return body.Texts("hub_config", known.Contains);
    }
}
