namespace Keypace.Domain.Access;

/// <summary>What the holder of a token may do. Asked anew with each request, for time passes and tokens are revoked.</summary>
/// <param name="MemberId">Who made the token; the token cannot do more than its role, whatever the member may.</param>
/// <param name="ApiKeyIds">The only keys it sees and uses; null where it is bound to none.</param>
/// <param name="AgentIds">The only agents it sees and uses; null where it is bound to none.</param>
/// <param name="Weight">Its share in the fair queue against other tokens, 1 to 100.</param>
/// <param name="ExpiresAt">From this moment on it may do nothing.</param>
/// <param name="RevokedAt">When it was revoked; null while it is not.</param>
public sealed record TokenGrant(
    TokenId Id,
    Guid TeamId,
    Guid MemberId,
    Role Role,
    Scopes Scopes,
    IReadOnlySet<Guid>? ApiKeyIds,
    IReadOnlySet<Guid>? AgentIds,
    int Weight,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? RevokedAt = null)
{
    public const int LeastWeight = 1;
    public const int MostWeight = 100;

    /// <summary>True where the token is tied to some keys or agents. Such a token makes no new keys, agents or tokens.</summary>
    public bool IsBound => ApiKeyIds is not null || AgentIds is not null;

    /// <summary>Neither expired nor revoked.</summary>
    public bool IsLive(DateTimeOffset now) => RevokedAt is null && now < ExpiresAt;

    /// <summary>May list and look at what <see cref="Sees"/> lets through.</summary>
    public bool MayRead(DateTimeOffset now) => IsLive(now) && Scopes.HasFlag(Scopes.Manage);

    /// <summary>May change keys, agents and tokens that it sees.</summary>
    public bool MayChange(DateTimeOffset now) => MayRead(now) && Role >= Role.Member;

    /// <summary>May make new keys, agents and tokens.</summary>
    public bool MayCreate(DateTimeOffset now) => MayChange(now) && !IsBound;

    /// <summary>May change people and settings.</summary>
    public bool MayAdminister(DateTimeOffset now) => MayCreate(now) && Role >= Role.Admin;

    /// <summary>May send queries through what it sees.</summary>
    public bool MayQuery(DateTimeOffset now) => IsLive(now) && Scopes.HasFlag(Scopes.Query) && Role >= Role.Member;

    /// <summary>A token that is bound to agents only reaches keys through them, never by themselves.</summary>
    public bool Sees(Guid apiKeyId) => ApiKeyIds?.Contains(apiKeyId) ?? AgentIds is null;

    /// <summary>A token that is bound to keys only sees the agents behind which they stand.</summary>
    /// <param name="apiKeyId">The key that the agent queries through.</param>
    public bool SeesAgent(Guid agentId, Guid apiKeyId) => AgentIds?.Contains(agentId) ?? Sees(apiKeyId);

    /// <summary>Whether a holder of this may make a token of that role and scopes: nobody hands on more than they have.</summary>
    public bool Covers(Role role, Scopes scopes) => role <= Role && (scopes & ~Scopes) == Scopes.None;
}
