using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Features.People;

internal static class PeopleEndpoints
{
    private static readonly Refusal _noInvitations = new(RefusalReason.NotServed, "not_served",
        "Invitations are not built yet. Until they are, an administrator makes access tokens for the others: POST /v1/access-tokens.");

    public static void Map(IEndpointRouteBuilder routes)
    {
        var people = routes.MapGroup("/v1").WithTags("People");
        people.Get("users/me", PeopleOperations.ToRead, call => call.Of<PeopleOperations>().MeAsync(call.Caller, call.Ct)).WithName("GetMe");
        people.Get("teams", PeopleOperations.ToRead, call => call.Of<PeopleOperations>().TeamsAsync(call.Caller, call.Ct)).WithName("ListTeams");
        people.Get("teams/{id}", PeopleOperations.ToRead, call => call.Of<PeopleOperations>().TeamAsync(call.Id, call.Caller, call.Ct)).WithName("GetTeam");
        people.Put("teams/{id}", PeopleOperations.ToAdminister, ChangeTeamAsync).WithName("ChangeTeam").Takes<TeamChange>();
        people.Delete("teams/{id}", PeopleOperations.ToAdminister, call => call.Of<PeopleOperations>().DeleteTeamAsync(call.Id, call.Caller, call.Ct)).WithName("DeleteTeam");
        people.Get("teams/{id}/users", PeopleOperations.ToReadTeam, call => call.Of<PeopleOperations>().TeamUsersAsync(call.Id, call.Caller, call.Ct)).WithName("ListTeamUsers");
        people.Get("members", PeopleOperations.ToReadTeam, call => call.Of<PeopleOperations>().MembersAsync(call.Caller, call.Ct)).WithName("ListMembers");
        people.Post("invites", PeopleOperations.ToAdminister, _ => Outcomes.Refused<User>(_noInvitations)).WithName("CreateInvite");
        people.Post("invites/{id}/accept", PeopleOperations.ToRead, _ => Outcomes.Refused<User>(_noInvitations)).WithName("AcceptInvite");
    }

    private static async Task<Outcome<Team>> ChangeTeamAsync(ManagementCall call)
    {
        if (!(await call.BodyAsync()).TryGet(out var body, out var refusal))
            return refusal;
        var change = new TeamChange(body.Text("name"));
        return body.Refusal is { } wrong ? wrong : await call.Of<PeopleOperations>().ChangeTeamAsync(call.Id, change, call.Caller, call.Ct);
    }
}
