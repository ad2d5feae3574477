using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>Tells somebody whose picture of a key is old what it is now and what they wanted. Secrets are neither compared nor told.</summary>
internal static class StaleKeys
{
    public static Refusal Refuse(ApiKeyRow row, ApiKeyChange wanted, int version)
    {
        var config = RowMapping.ConfigOf(row.HubConfig);
        var pairs = new (string Field, object? Theirs, object? Yours)[]
        {
            ("name", row.Name, wanted.Name),
            ("hub", row.Hub, wanted.Hub),
            ("rate_limit_per_interval", row.RateLimitPerInterval, wanted.RateLimitPerInterval),
            ("rate_limit_interval", row.RateLimitInterval, wanted.RateLimitInterval),
            ("url", row.Url, wanted.Url),
            ("status", row.Status.Word(), wanted.Status),
            ("pacing", row.Pacing, wanted.Pacing),
            ("guard_ms", row.GuardMs, wanted.GuardMs),
            ("limit_frozen", row.LimitFrozen, wanted.LimitFrozen),
            ("drop_params", row.DropParams ?? "", wanted.DropParams is null ? null : DroppedParams.Stored(wanted.DropParams) ?? ""),
            ("pass_headers", row.PassHeaders ?? "", wanted.PassHeaders is null ? null : PassedHeaders.Stored(wanted.PassHeaders) ?? ""),
        }.Where(pair => pair.Yours is not null && !Equals(pair.Theirs, pair.Yours)).ToList();
        // Only fields that are shown anyway: a field that is not among them may be a secret.
        foreach (var (name, theirs) in config)
        {
            if (wanted.HubConfig?.GetValueOrDefault(name) is { } yours && yours != theirs)
                pairs.Add(($"hub_config.{name}", theirs, yours));
        }

        return Stale.Refuse($"The API key '{row.Name}'", row.Version, version, pairs);
    }
}
