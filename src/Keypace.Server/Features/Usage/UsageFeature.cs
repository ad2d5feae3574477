using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Usage;

internal static class UsageFeature
{
    public static IServiceCollection AddUsage(this IServiceCollection services) => services.AddSingleton<UsageOperations>().AddSingleton<LastHour>().AddSingleton<KeyNews>().AddSingleton<FirstQuery>();

    public static void MapUsage(this IEndpointRouteBuilder routes) => UsageEndpoints.Map(routes);
}
