namespace Keypace.Server.Platform.MasterKey;

/// <summary>Everything that decides where the key-encryption key is. Nothing is read from the process behind its back.</summary>
/// <param name="KekFile">The value of <c>--kek-file</c>; null where it was not given.</param>
/// <param name="DataFolder">The folder of the store, which the key should not lie in.</param>
/// <param name="InstanceId">The store's own id: the default file bears it, so several stores on one machine do not mix their keys.</param>
/// <param name="Environment">A variable's value or null; <see cref="ProcessEnvironment.Read"/> outside tests.</param>
internal sealed record KekQuestion(string? KekFile, string DataFolder, Guid InstanceId, Func<string, string?> Environment);

/// <summary>The one place here that reads the process's environment.</summary>
internal static class ProcessEnvironment
{
    public static string? Read(string name) => Environment.GetEnvironmentVariable(name);
}
