using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Features.People;

internal static class PeopleFeature
{
    public static IServiceCollection AddPeople(this IServiceCollection services) => services.AddSingleton<PeopleOperations>();

    public static void MapPeople(this IEndpointRouteBuilder routes)
    {
        PeopleEndpoints.Map(routes);
        SignInLinkEndpoints.Map(routes);
    }
}
