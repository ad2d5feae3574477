using Keypace.Domain.Access;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Management.Access;

/// <summary>Who wants something managed: a token over HTTP, or a member in the browser. Operations know callers, never requests.</summary>
/// <param name="Token">The grant, and whom the pacer counts when a key is tested. A member has a stand-in.</param>
/// <param name="Actor">As the audit names it: <c>token:ID</c>, <c>member:ID</c> or <c>system</c>.</param>
/// <param name="From">The address that the request came from; null when it came from this process.</param>
internal sealed record Caller(ServedToken Token, string Actor, string ActorName, string? From, string RequestId)
{
    public TokenGrant Grant => Token.Grant;

    public Guid TeamId => Grant.TeamId;

    public static Caller OfToken(ServedToken token, string? from, string requestId) =>
        new(token, token.IsMember ? "member:" + token.Grant.MemberId : "token:" + token.Id, token.Name, from, requestId);

    public static Caller OfMember(Guid memberId, Guid teamId, Role role, string name, string? from, string requestId) =>
        OfToken(ServedToken.OfMember(memberId, teamId, role, name), from, requestId);

    /// <summary>The server itself, for what it does in a team without being asked.</summary>
    public static Caller Server(Guid teamId) => OfMember(Guid.Empty, teamId, Role.Owner, "Keypace", null, "") with { Actor = "system" };
}
