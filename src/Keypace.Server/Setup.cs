using Keypace.Server.People.SettingUp;
using Keypace.Server.Platform;

namespace Keypace.Server;

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
