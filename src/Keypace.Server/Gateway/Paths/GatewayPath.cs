using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Paths;

/// <summary>The routes of OpenAI and the keys' own: each request is one query.</summary>
internal sealed class GatewayPath(HubCall call, HttpQueryParts parts, TimeProvider time)
{
    public Task RunAsync(HttpContext context, GatewayRoute route)
    {
        var tally = new Tally(route.Name, time.GetTimestamp(), time.GetUtcNow());
        return call.RunAsync(
            ReferenceEquals(route, GatewayRoute.Passthrough) ? new PassthroughQuery(context, parts, tally) : new ModelQuery(context, parts, route, tally),
            context.RequestAborted);
    }
}
