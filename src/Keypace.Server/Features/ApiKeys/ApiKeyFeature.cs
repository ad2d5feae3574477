using Keypace.Server.Management.StoredKeys;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.ApiKeys;

internal static class ApiKeyFeature
{
    public static IServiceCollection AddApiKeys(this IServiceCollection services) => services
        .AddSingleton<NewKeys>()
        .AddSingleton<KeySealing>()
        .AddSingleton<GroupChoice>()
        .AddSingleton<KeyRows>()
        .AddSingleton<ApiKeyEditing>()
        .AddSingleton<ApiKeyOperations>()
        .AddSingleton<HubQuestions>()
        .AddSingleton<ApiKeyTesting>()
        .AddSingleton<ApiKeyStatuses>()
        .AddSingleton<ApiKeyDestruction>()
        .AddSingleton<DueDeletions>()
        .AddHostedService<DeletedKeySweeper>();

    public static void MapApiKeys(this IEndpointRouteBuilder routes) => ApiKeyEndpoints.Map(routes);
}
