using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.RateGroups;

internal static class RateGroupEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Get("/v1/rate-groups", RateGroupOperations.ToRead, call => Task.FromResult(call.Of<RateGroupOperations>().List(call.Caller)))
        .WithTags("API keys").WithName("ListRateGroups");
}
