using System.Text.Json.Nodes;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.People.SettingUp;

/// <summary>What setting up leaves in the audit: who was made owner, which token, from where.</summary>
/// <param name="Actor"><c>system</c>, or <c>member:ID</c> once there is one.</param>
/// <param name="From">An address, or <c>command line</c>.</param>
internal sealed record SetupAudit(string Actor, string ActorName, string From, string? RequestId, DateTimeOffset Now)
{
    public const string CommandLine = "command line";

    public AuditRow TeamCreated(TeamRow team) =>
        Row(team.Id, "created", "team", team.Id.ToString(), team.Name, null, new JsonObject { ["name"] = team.Name });

    public AuditRow OwnerCreated(MemberRow owner) => Row(
        owner.TeamId, "created", "member", owner.Id.ToString(), owner.Email, null, new JsonObject { ["email"] = owner.Email, ["role"] = owner.Role });

    public AuditRow OwnerReset(MemberRow owner, string emailBefore) => Row(
        owner.TeamId,
        "password_reset",
        "member",
        owner.Id.ToString(),
        owner.Email,
        new JsonObject { ["email"] = emailBefore },
        new JsonObject { ["email"] = owner.Email });

    /// <param name="how"><c>password</c>, <c>link</c> or <c>set-up link</c>.</param>
    public AuditRow SignedIn(MemberRow member, string how) => Row(
        member.TeamId, "signed_in", "member", member.Id.ToString(), member.Email, null, new JsonObject { ["with"] = how });

    /// <param name="member">Null for addresses that nobody has; the row's team is then still to be named.</param>
    public AuditRow SignInsRefused(MemberRow? member, JsonObject counts) => Row(
        member?.TeamId ?? Guid.Empty, "sign_in_refused", "member", member?.Id.ToString(), member?.Email ?? "addresses that nobody has", null, counts);

    public AuditRow TokenCreated(AccessTokenRow token) => Row(
        token.TeamId,
        "created",
        "access_token",
        token.Id,
        token.Name,
        null,
        new JsonObject { ["name"] = token.Name, ["role"] = token.Role, ["scopes"] = token.Scopes, ["expires_at"] = token.ExpiresAt / 1000 });

    private AuditRow Row(Guid teamId, string action, string subject, string? id, string name, JsonObject? before, JsonObject? after) => new()
    {
        TeamId = teamId,
        At = Now.ToUnixTimeMilliseconds(),
        Actor = Actor,
        ActorName = ActorName,
        Action = action,
        Subject = subject,
        SubjectId = id,
        SubjectName = name,
        Before = before?.ToJsonString(),
        After = after?.ToJsonString(),
        From = From,
        RequestId = RequestId,
    };
}
