namespace Keypace.Domain.Access;

/// <summary>What somebody is in a team. A higher one may do all that a lower one may.</summary>
public enum Role
{
    /// <summary>Reads, and nothing else.</summary>
    Viewer,

    /// <summary>Makes and changes keys, agents and tokens, and queries.</summary>
    Member,

    /// <summary>Also manages people and settings.</summary>
    Admin,

    /// <summary>Also manages admins, and cannot be removed while there is no other.</summary>
    Owner,
}

/// <summary>What an access token may be used for.</summary>
[Flags]
public enum Scopes
{
    None = 0,

    /// <summary>The management routes.</summary>
    Manage = 1,

    /// <summary>Queries to hubs.</summary>
    Query = 2,

    All = Manage | Query,
}

/// <summary>The wire's words for roles and scopes.</summary>
public static class AccessWords
{
    /// <summary>Exactly <c>owner</c>, <c>admin</c>, <c>member</c> or <c>viewer</c>, in small letters.</summary>
    public static bool TryParseRole(string? word, out Role role)
    {
        (role, var known) = word switch
        {
            "owner" => (Role.Owner, true),
            "admin" => (Role.Admin, true),
            "member" => (Role.Member, true),
            "viewer" => (Role.Viewer, true),
            _ => (Role.Viewer, false),
        };
        return known;
    }

    public static string Word(this Role role) => role switch
    {
        Role.Owner => "owner",
        Role.Admin => "admin",
        Role.Member => "member",
        Role.Viewer => "viewer",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>Words out of <c>manage</c> and <c>query</c>; at least one, repetitions allowed.</summary>
    public static bool TryParseScopes(IEnumerable<string> words, out Scopes scopes)
    {
        scopes = Scopes.None;
        foreach (var word in words)
        {
            var scope = word switch { "manage" => Scopes.Manage, "query" => Scopes.Query, _ => Scopes.None };
            if (scope == Scopes.None)
                return false;
            scopes |= scope;
        }

        return scopes != Scopes.None;
    }

    public static IReadOnlyList<string> Words(this Scopes scopes) => scopes switch
    {
        Scopes.All => ["manage", "query"],
        Scopes.Manage => ["manage"],
        Scopes.Query => ["query"],
        _ => [],
    };
}
