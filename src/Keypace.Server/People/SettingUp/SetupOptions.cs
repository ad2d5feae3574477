namespace Keypace.Server.People.SettingUp;

/// <param name="Data">The data folder; made where it is missing.</param>
/// <param name="KekFile">Where the key-encryption key is or shall be; null for the usual places.</param>
/// <param name="OwnerEmail">Null leaves the store to whoever opens the set-up link that <c>serve</c> gives.</param>
/// <param name="PasswordFile">A file with the owner's password; a line feed at its end does not count.</param>
/// <param name="TokenFile">A new file for the owner's first access token; null for none.</param>
public sealed record InitOptions(string Data, string? KekFile, string? OwnerEmail, string? PasswordFile, string? TokenFile);

/// <param name="Email">The owner's address from now on; null leaves it.</param>
/// <param name="PasswordFile">A file with the new password; without one it is asked for on a terminal.</param>
/// <param name="TokenFile">A new file for a new admin access token; null for none.</param>
public sealed record OwnerResetOptions(string Data, string? KekFile, string? Email, string? PasswordFile, string? TokenFile = null);
