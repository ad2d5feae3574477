using Keypace.Domain;
using Keypace.Domain.Access;

namespace Keypace.Server.Management.Access;

/// <summary>What a caller must be allowed to for an operation. Which keys and agents it may touch is asked again of each.</summary>
internal enum Need
{
    /// <summary>Looks at keys and agents that it may see.</summary>
    Read,

    /// <summary>Looks at what belongs to the whole team: people, tokens, audit, settings.</summary>
    ReadTeam,

    /// <summary>Changes keys and agents that it may see.</summary>
    Change,

    /// <summary>Makes new keys and agents.</summary>
    Create,

    /// <summary>Manages tokens and the team.</summary>
    Administer,
}

internal static class Needs
{
    private static readonly Refusal NoManageScope = new(RefusalReason.Forbidden, "scope_missing",
        "This access token may not manage anything: it has no 'manage' scope. Use one that has, or have an administrator change its scopes.");

    private static readonly Refusal Bound = new(RefusalReason.Forbidden, "token_bound",
        "This access token is bound to some API keys or agents: it uses those, makes no new ones, and does not see the rest of the team.");

    /// <summary>Null when the caller may. Whether the token still lives was asked when it was presented.</summary>
    public static Refusal? Check(this Caller caller, Need need) => caller.Grant.Check(need);

    /// <summary>Null when whoever has this grant may.</summary>
    public static Refusal? Check(this TokenGrant grant, Need need)
    {
        if (!grant.Scopes.HasFlag(Scopes.Manage))
            return NoManageScope;
        var least = need switch
        {
            Need.Read or Need.ReadTeam => Role.Viewer,
            Need.Change or Need.Create => Role.Member,
            _ => Role.Admin,
        };
        if (grant.Role < least)
        {
            return new Refusal(RefusalReason.Forbidden, "role_too_low",
                $"This takes the role '{least.Word()}' or a higher one; the access token has '{grant.Role.Word()}'. Ask an administrator for another token.");
        }

        return grant.IsBound && need is not (Need.Read or Need.Change) ? Bound : null;
    }
}
