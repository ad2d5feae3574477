using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Settings;

internal static class SettingsFeature
{
    public static void MapSettings(this IEndpointRouteBuilder routes) => SettingsEndpoints.Map(routes);
}
