using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Usage;

internal static class UsageEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Get("/v1/usage", UsageOperations.ToRead, SumAsync).WithTags("Usage").WithName("GetUsage").Reads("by", "since", "until");

    private static async Task<Outcome<UsageReport>> SumAsync(ManagementCall call) =>
        UsageQuestion.Parse(call.Query, call.Of<TimeProvider>().GetUtcNow()).TryGet(out var question, out var refusal)
            ? await call.Of<UsageOperations>().SumAsync(question, call.Caller, call.Ct)
            : refusal;
}
