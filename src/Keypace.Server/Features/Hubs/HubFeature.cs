using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Hubs;

internal static class HubFeature
{
    public static void MapHubs(this IEndpointRouteBuilder routes) => HubEndpoints.Map(routes);
}
