using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Settings;

internal static class SettingsFeature
{
    public static IServiceCollection AddSettings(this IServiceCollection services) => services.AddSingleton<SettingsOperations>();

    public static void MapSettings(this IEndpointRouteBuilder routes) => SettingsEndpoints.Map(routes);
}
