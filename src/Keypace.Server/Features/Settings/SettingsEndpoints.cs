using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Settings;

internal static class SettingsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var settings = routes.MapGroup("/v1/settings").WithTags("Settings");
        settings.Get("", SettingsOperations.ToRead, call => Task.FromResult(call.Of<SettingsOperations>().List(call.Caller))).WithName("ListSettings");
        settings.Put("", SettingsOperations.ToAdminister, ChangeAsync).WithName("ChangeSettings").Takes<SettingsChange>();
    }

    private static async Task<Outcome<IReadOnlyList<Setting>>> ChangeAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal))
            return refusal;
        var wanted = new SettingsChange(body.Whole("guard_ms"));
        return body.Refusal is { } problem ? problem : await call.Of<SettingsOperations>().ChangeAsync(wanted, call.Caller, call.Ct);
    }
}
