using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Domain.Keys;

namespace Keypace.Server.Features.Hubs;

/// <summary>A hub's file as the wire shows it.</summary>
internal static class HubRecords
{
    /// <param name="teams">What the team has set in place of the hub's default; null when it has set nothing.</param>
    public static Hub ToRecord(HubProfile hub, RateLimit? teams) => new(
        hub.Name,
        hub.Name,
        hub.DisplayName,
        hub.Models,
        (teams ?? hub.DefaultLimit.Limit).Count,
        (teams ?? hub.DefaultLimit.Limit).Seconds,
        hub.DefaultLimit.Tier,
        hub.DefaultLimit.Source,
        hub.DefaultLimit.AsOf,
        hub.DefaultLimit.Confidence,
        hub.Served,
        hub.BaseUrl,
        hub.UrlRequired,
        hub.KeyPage,
        [.. hub.Fields.Select(ToRecord)],
        hub.KeyPage is null ? null : hub.KeyPageText ?? $"Get a key from {hub.DisplayName}",
        hub.DefaultLimit.Why,
        hub.Pacing switch { PacingHint.Burst => "burst", PacingHint.Smooth => "smooth", _ => "auto" },
        [.. hub.Ways.Select(way => ToRecord(hub, way))],
        teams is not null);

    private static Contracts.HubField ToRecord(Domain.Hubs.HubField field) => new(
        field.Name, field.Label, field.Required, field.Secret, FieldForms.WordOf(field.Form), FieldForms.IsMultiline(field.Form), field.Hint);

    private static HubWay ToRecord(HubProfile hub, HubAccess way)
    {
        var fields = hub.FieldsOf(way).ToArray();
        return new HubWay(
            way.Label ?? way.ValueLabel,
            !way.SecretIsValue ? "none" : way.SecretRequired ? "required" : "optional",
            way.SecretIsValue ? way.ValueLabel : null,
            way.BaseUrl is null ? "required" : "optional",
            [.. fields.Select(field => field.Name)],
            [.. fields.Where(field => HubProfile.IsNeeded(way, field)).Select(field => field.Name)],
            way.When?.Given ?? []);
    }
}
