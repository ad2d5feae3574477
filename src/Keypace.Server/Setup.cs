using Keypace.Server.Platform;
using Keypace.Server.People.SettingUp;

namespace Keypace.Server;

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

/// <summary>What the command line can do to a store while no server runs on it. Each gives an exit code of <see cref="ExitCodes"/>.</summary>
public static class Setup
{
    /// <summary><c>keypace init</c>: makes a store. Changes nothing in a folder that is in use.</summary>
    public static Task<int> InitAsync(InitOptions options, TextWriter output, TextWriter errors) =>
        Initialisation.RunAsync(options, Surroundings.OfProcess() with { Output = output, Errors = errors }, CancellationToken.None);

    /// <summary><c>keypace owner reset</c>: a new password for the owner, for whoever has both the data folder and the key-encryption key.</summary>
    public static Task<int> ResetOwnerAsync(OwnerResetOptions options, TextWriter output, TextWriter errors) =>
        OwnerReset.RunAsync(options, Surroundings.OfProcess() with { Output = output, Errors = errors }, CancellationToken.None);
}
