namespace Keypace.Contracts;

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

public sealed record Team(string Id, string Name, long CreatedAt, long UpdatedAt);

public sealed record TeamChange(string? Name = null);
