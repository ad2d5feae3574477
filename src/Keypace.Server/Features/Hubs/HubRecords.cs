using Keypace.Contracts;
using Keypace.Domain.Hubs;

namespace Keypace.Server.Features.Hubs;

/// <summary>A hub's file as the wire shows it.</summary>
internal static class HubRecords
{
    public static Hub ToRecord(HubProfile hub) => new(
        hub.Name,
        hub.Name,
        hub.DisplayName,
        hub.Models,
        hub.DefaultLimit.Limit.Count,
        hub.DefaultLimit.Limit.Seconds,
        hub.DefaultLimit.Tier,
        hub.DefaultLimit.Source,
        hub.DefaultLimit.AsOf,
        hub.DefaultLimit.Confidence,
        hub.Served,
        hub.BaseUrl,
        hub.UrlRequired,
        hub.KeyPage,
        [.. hub.Fields.Select(field => new Contracts.HubField(field.Name, field.Label, field.Required, field.Secret))]);
}
