using System.Text.Json.Serialization;

namespace Keypace.Contracts;

/// <summary>What a caller of Keypace presents. <see cref="Token"/> is there once, in the answer that made it.</summary>
/// <param name="Role"><c>admin</c>, <c>member</c> or <c>viewer</c> (reads only).</param>
/// <param name="Scopes"><c>manage</c> and <c>query</c>.</param>
/// <param name="ApiKeys">Ids of the only keys it may see and use; null for all.</param>
/// <param name="Agents">Ids of the only agents it may see and use; null for all.</param>
/// <param name="Weight">Its share in the fair queue against other tokens; 1 to 100.</param>
/// <param name="Status"><c>active</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="Priority">The best class its queries may ask for: <c>interactive</c>, <c>batch</c> or <c>background</c>; also what they get when they ask for none.</param>
public sealed record AccessToken(
    string Id,
    string Name,
    string Role,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string>? ApiKeys,
    IReadOnlyList<string>? Agents,
    int Weight,
    long CreatedAt,
    long ExpiresAt,
    long? LastUsedAt,
    string Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Token = null,
    string Priority = "interactive");

/// <summary>What <c>POST /v1/access-tokens</c> takes.</summary>
/// <param name="ExpiresAt">Unix seconds; absent: 90 days from now. At most 366 days.</param>
public sealed record NewAccessToken(
    string Name,
    string? Role = null,
    IReadOnlyList<string>? Scopes = null,
    IReadOnlyList<string>? ApiKeys = null,
    IReadOnlyList<string>? Agents = null,
    int? Weight = null,
    long? ExpiresAt = null,
    string? Priority = null);

/// <summary>What <c>PUT /v1/access-tokens/{id}</c> takes: absent members stay as they are.</summary>
public sealed record AccessTokenChange(
    string? Name = null,
    IReadOnlyList<string>? Scopes = null,
    int? Weight = null,
    long? ExpiresAt = null,
    string? Priority = null);
