using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Hubs;

internal static class HubEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var hubs = routes.MapGroup("/v1/hubs").WithTags("Hubs");
        hubs.Get("", HubDefaults.ToRead, call => Task.FromResult(call.Of<HubDefaults>().List(call.Caller))).WithName("ListHubs");
        hubs.Get("{id}", HubDefaults.ToRead, call => Task.FromResult(call.Of<HubDefaults>().Get(call.Id, call.Caller))).WithName("GetHub");
        hubs.Put("{id}", HubDefaults.ToAdminister, SetDefaultAsync).WithName("SetHubDefault").Takes<HubDefault>();
    }

    private static async Task<Outcome<Hub>> SetDefaultAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal))
            return refusal;
        var wanted = new HubDefault(body.Whole("rate_limit_per_interval"), body.Whole("rate_limit_interval"));
        return body.Refusal is { } problem ? problem : await call.Of<HubDefaults>().SetAsync(call.Id, wanted, call.Caller, call.Ct);
    }
}
