using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.AccessTokens;

internal static class AccessTokenFeature
{
    public static IServiceCollection AddAccessTokens(this IServiceCollection services) => services
        .AddSingleton<TokenBindings>()
        .AddSingleton<AccessTokenOperations>();

    public static void MapAccessTokens(this IEndpointRouteBuilder routes) => AccessTokenEndpoints.Map(routes);
}
