using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.Audit;

internal static class AuditFeature
{
    public static IServiceCollection AddAudit(this IServiceCollection services) => services.AddSingleton<AuditOperations>();

    public static void MapAudit(this IEndpointRouteBuilder routes) => AuditEndpoints.Map(routes);
}
