using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Hubs;

internal static class HubFeature
{
    public static IServiceCollection AddHubs(this IServiceCollection services) => services.AddSingleton<HubDefaults>();

    public static void MapHubs(this IEndpointRouteBuilder routes) => HubEndpoints.Map(routes);
}
