namespace Keypace.Server.Storage.Rows;

internal sealed class TeamRow
{
    public Guid Id { get; set; }
    public string Name { get; set; } = "";

    /// <summary>The team's own default limits as JSON, <c>{"openai":"600/60"}</c>; null for none.</summary>
    public string? HubDefaults { get; set; }

    /// <summary>Milliseconds, for the team's keys that say none; null for the server's own measure.</summary>
    public int? GuardMs { get; set; }
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
}

internal sealed class MemberRow
{
    public Guid Id { get; set; }
    public Guid TeamId { get; set; }
    public string Email { get; set; } = "";

    /// <summary>Upper-cased; unique.</summary>
    public string EmailKey { get; set; } = "";
    public string? GivenName { get; set; }
    public string? FamilyName { get; set; }

    /// <summary>ASP.NET Core Identity's format; null for a member who never set a password.</summary>
    public string? PasswordHash { get; set; }

    /// <summary><c>owner</c>, <c>admin</c>, <c>member</c> or <c>viewer</c>.</summary>
    public string Role { get; set; } = "";
    public long CreatedAt { get; set; }
    public long UpdatedAt { get; set; }
}

internal sealed class AccessTokenRow
{
    /// <summary>The twelve characters after the prefix: a public handle, not a secret.</summary>
    public string Id { get; set; } = "";

    /// <summary>HMAC of the whole token under the instance's pepper.</summary>
    public byte[] Digest { get; set; } = [];
    public Guid TeamId { get; set; }
    public Guid MemberId { get; set; }
    public string Name { get; set; } = "";
    public string Role { get; set; } = "";

    /// <summary>Space-separated: <c>manage query</c>.</summary>
    public string Scopes { get; set; } = "";

    /// <summary>Space-separated ids of the only keys it may use; null for all.</summary>
    public string? ApiKeyIds { get; set; }
    public string? AgentIds { get; set; }
    public int Weight { get; set; } = 1;

    /// <summary>The best class its queries may ask for: <c>interactive</c>, <c>batch</c> or <c>background</c>.</summary>
    public string Priority { get; set; } = "interactive";
    public long CreatedAt { get; set; }
    public long ExpiresAt { get; set; }
    public long? RevokedAt { get; set; }

    /// <summary>Written at most once a minute.</summary>
    public long? LastUsedAt { get; set; }
}

/// <summary>A browser that a member signed in with. The store has a digest of what the cookie holds, never the cookie.</summary>
internal sealed class SessionRow
{
    /// <summary>The twelve characters that the session is found by; no secret.</summary>
    public string Id { get; set; } = "";

    /// <summary>HMAC of the cookie's whole text under the instance's pepper.</summary>
    public byte[] Digest { get; set; } = [];
    public Guid TeamId { get; set; }
    public Guid MemberId { get; set; }

    /// <summary>At most the member's own; less where a lesser token opened the session.</summary>
    public string Role { get; set; } = "";

    /// <summary><c>token:ID</c> or <c>session:ID</c> where somebody's link opened it; null after a password.</summary>
    public string? OpenedBy { get; set; }
    public long CreatedAt { get; set; }

    /// <summary>Written at most once a minute.</summary>
    public long LastSeenAt { get; set; }

    /// <summary>However busy it is, it ends here.</summary>
    public long EndsAt { get; set; }
}
