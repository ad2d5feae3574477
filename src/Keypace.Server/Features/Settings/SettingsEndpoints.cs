using Keypace.Contracts;
using Keypace.Server.Features.Access;
using Keypace.Server.Features.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.Settings;

internal static class SettingsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Get("/v1/settings", Need.ReadTeam, call => Outcomes.Done<IReadOnlyList<Setting>>(SettingsReport.Of(call.Of<Platform.Settings.Settings>())))
        .WithTags("Settings").WithName("ListSettings");
}
