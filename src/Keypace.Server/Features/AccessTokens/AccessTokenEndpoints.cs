using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.AccessTokens;

internal static class AccessTokenEndpoints
{
    private static readonly string[] _sorts = ["name", "created_at", "expires_at", "last_used_at"];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var tokens = routes.MapGroup("/v1/access-tokens").WithTags("Access tokens");
        tokens.Get("", AccessTokenOperations.ToRead, ListAsync).WithName("ListAccessTokens").Reads("limit", "offset", "q", "sort");
        tokens.Post("", AccessTokenOperations.ToAdminister, CreateAsync).WithName("CreateAccessToken").Takes<NewAccessToken>();
        tokens.Get("{id}", AccessTokenOperations.ToRead, call => call.Of<AccessTokenOperations>().GetAsync(call.Id, call.Caller, call.Ct)).WithName("GetAccessToken");
        tokens.Put("{id}", AccessTokenOperations.ToAdminister, ChangeAsync).WithName("ChangeAccessToken").Takes<AccessTokenChange>();
        tokens.Delete("{id}", AccessTokenOperations.ToAdminister, call => call.Of<AccessTokenOperations>().RevokeAsync(call.Id, call.Caller, call.Ct)).WithName("RevokeAccessToken");
    }

    private static async Task<Outcome<IReadOnlyList<AccessToken>>> ListAsync(ManagementCall call)
    {
        if (!ListWindow.Of(call.Query, _sorts).TryGet(out var window, out var refusal))
            return refusal;
        return await call.Of<AccessTokenOperations>().ListAsync(window, call.Caller, call.Ct);
    }

    private static async Task<Outcome<AccessToken>> CreateAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal)
            || !AccessTokenParsing.New(body).TryGet(out var token, out refusal))
        {
            return refusal;
        }

        return await call.Of<AccessTokenOperations>().CreateAsync(token, call.Caller, call.Ct);
    }

    private static async Task<Outcome<AccessToken>> ChangeAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal)
            || !AccessTokenParsing.Change(body).TryGet(out var change, out refusal))
        {
            return refusal;
        }

        return await call.Of<AccessTokenOperations>().ChangeAsync(call.Id, change, call.Caller, call.Ct);
    }
}
