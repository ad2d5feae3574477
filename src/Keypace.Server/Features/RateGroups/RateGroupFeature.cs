using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.RateGroups;

internal static class RateGroupFeature
{
    public static IServiceCollection AddRateGroups(this IServiceCollection services) => services.AddSingleton<RateGroupOperations>();

    public static void MapRateGroups(this IEndpointRouteBuilder routes) => RateGroupEndpoints.Map(routes);
}
