using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Keypace.Server.People.SignIn;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.People;

internal static class SignInLinkEndpoints
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .Post("/v1/sign-in-links", PeopleOperations.ToAdminister, CreateAsync).WithTags("People").WithName("CreateSignInLink");

    /// <summary>The session gets what whoever asks may do and ends with them, so nobody climbs by it.</summary>
    private static Task<Outcome<SignInLink>> CreateAsync(ManagementCall call)
    {
        var grant = call.Caller.Grant;
        var (token, expiresAt) = call.Of<SignInLinks>().Create(grant.MemberId, grant.Role, OpenerOf(call.Caller.Token));
        return Outcomes.Done(new SignInLink($"{call.Address}/sign-in/link?token={token}", expiresAt.ToUnixTimeSeconds()));
    }

    private static SessionOpener OpenerOf(ServedToken asker) => asker.Session is { } session
        ? new SessionOpener(SessionOpener.OtherSession, session.Id)
        : new SessionOpener(SessionOpener.AccessToken, asker.Id);
}
