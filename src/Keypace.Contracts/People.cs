namespace Keypace.Contracts;

/// <summary>A person, with the team and the role in it.</summary>
/// <param name="Status"><c>ACTIVE</c> or <c>INACTIVE</c>.</param>
/// <param name="TeamRole"><c>owner</c>, <c>admin</c>, <c>member</c> or <c>viewer</c>.</param>
public sealed record User(
    string UserId,
    string Email,
    string? FamilyName,
    string? GivenName,
    string Status,
    string? ProfileImage,
    long CreatedAt,
    long UpdatedAt,
    string TeamId,
    string TeamRole);

/// <summary>A workspace that owns keys and agents.</summary>
public sealed record Team(string Id, string Name, long CreatedAt, long UpdatedAt);

/// <summary>What <c>PUT /v1/teams/{id}</c> takes: absent members stay as they are.</summary>
public sealed record TeamChange(string? Name = null);

/// <summary>What <c>POST /v1/sign-in-links</c> answers: a link that opens the web interface once, without a password.</summary>
/// <param name="ExpiresAt">Unix seconds; ten minutes after it was made.</param>
public sealed record SignInLink(string Url, long ExpiresAt);
