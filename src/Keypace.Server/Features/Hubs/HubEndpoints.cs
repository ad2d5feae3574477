using Keypace.Contracts;
using Keypace.Domain.Hubs;
using Keypace.Server.Features.Access;
using Keypace.Server.Features.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Hubs;

internal static class HubEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Get("/v1/hubs", Need.Read, call => Outcomes.Done<IReadOnlyList<Hub>>([.. call.Of<HubCatalogue>().All.Select(HubRecords.ToRecord)]))
        .WithTags("Hubs").WithName("ListHubs");
}
