using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Agents;

internal static class AgentFeature
{
    public static IServiceCollection AddAgents(this IServiceCollection services) => services
        .AddSingleton<AgentKeys>()
        .AddSingleton<AgentEditing>()
        .AddSingleton<AgentMoves>()
        .AddSingleton<AgentOperations>();

    public static void MapAgents(this IEndpointRouteBuilder routes) => AgentEndpoints.Map(routes);
}
