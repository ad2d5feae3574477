using Keypace.Server.Features.AccessTokens;
using Keypace.Server.Features.Agents;
using Keypace.Server.Features.ApiKeys;
using Keypace.Server.Features.Audit;
using Keypace.Server.Features.Hubs;
using Keypace.Server.Features.People;
using Keypace.Server.Features.RateGroups;
using Keypace.Server.Features.Settings;
using Keypace.Server.Features.Usage;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features;

/// <summary>Everything that a person manages; each line names a folder.</summary>
internal static class ManagementFeature
{
    public static IServiceCollection AddFeatures(this IServiceCollection services) => services
        .AddSingleton<RowMapping>()
        .AddSingleton<ManagementChanges>()
        .AddSingleton<SnapshotLoading>()
        .AddHubs()
        .AddSettings()
        .AddApiKeys()
        .AddAgents()
        .AddAccessTokens()
        .AddPeople()
        .AddRateGroups()
        .AddUsage()
        .AddAudit()
        .AddInterfaceDescription();

    public static void MapFeatures(this IEndpointRouteBuilder routes)
    {
        routes.MapHubs();
        routes.MapApiKeys();
        routes.MapAgents();
        routes.MapAccessTokens();
        routes.MapPeople();
        routes.MapRateGroups();
        routes.MapUsage();
        routes.MapAudit();
        routes.MapSettings();
    }
}
