using System.Collections;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Server.Platform;

/// <summary>
/// The runtime's own doors for debuggers, profilers and traces: a socket in the folder for temporary files, through which whoever runs as the same user
/// reads this process's memory. Only a variable that is there before the runtime begins keeps them shut. And what the system itself would let out.
/// </summary>
internal static class Diagnosis
{
    private const string Variable = "DOTNET_EnableDiagnostics";

    /// <summary>
    /// Starts this same process once more (same id, same files) with the doors shut, whatever the environment says; returns where they are shut already, or
    /// cannot be shut. To be called before anything else was done.
    /// </summary>
    public static void ShutDoors(IReadOnlyList<string> arguments)
    {
        LibC.LeaveNoImage();
        if (AreShut(Environment.GetEnvironmentVariable(Variable)) || !OperatingSystem.IsLinux() || Environment.ProcessPath is not { } program)
            return;
        RemoveSockets();
        // Run by 'dotnet keypace.dll', the program is the host and its first argument the file.
        var isHosted = Path.GetFileNameWithoutExtension(program).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        List<string> words = isHosted ? [program, Environment.GetCommandLineArgs()[0], .. arguments] : [program, .. arguments];
        List<string> variables = [$"{Variable}=0"];
        foreach (DictionaryEntry one in Environment.GetEnvironmentVariables())
        {
            if (one.Key is not Variable)
                variables.Add($"{one.Key}={one.Value}");
        }

        LibC.Become(program, words, variables);
    }

    /// <summary>The runtime reads a number in hex; zero alone shuts them, and this is how we write it.</summary>
    private static bool AreShut(string? value) => value is "0";

    /// <summary>The runtime takes them away when it ends, which a process that becomes another does not.</summary>
    private static void RemoveSockets()
    {
        foreach (var pattern in (ReadOnlySpan<string>)[$"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*"])
        {
            foreach (var file in Directory.EnumerateFileSystemEntries(Path.GetTempPath(), pattern))
            {
                try
                {
                    File.Delete(file);
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
                {
                    // A left-over name to which nobody answers does no harm.
                }
            }
        }
    }
}
