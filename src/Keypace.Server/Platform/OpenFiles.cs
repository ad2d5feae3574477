using System.Globalization;
using Keypace.Server.Platform.MasterKey;

namespace Keypace.Server.Platform;

/// <summary>How many files and connections this process may have open at once, by the system's limit (<c>ulimit -n</c>, <c>LimitNOFILE=</c>).</summary>
internal static class OpenFiles
{
    /// <summary>Program, store and web interface take up to 300 while they start; the rest are connections.</summary>
    public const long Fewest = 512;

    /// <summary>Below this a busy server meets the limit.</summary>
    public const long FewForMany = 8192;

    /// <summary>A caller's and the hub's.</summary>
    private const int AConnection = 2;

    /// <summary>Null where the system does not say.</summary>
    public static long? Limit { get; } = LibC.MostOpenFiles();

    /// <summary>How many are open now; null where the system does not say.</summary>
    public static int? Now()
    {
        const string own = "/proc/self/fd";
        try
        {
            return OperatingSystem.IsLinux() ? Directory.EnumerateFileSystemEntries(own).Count() : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The sentence with which it does not start; null where the limit is enough.</summary>
    public static string? WhyTooFew(long? limit) => limit < Fewest
        ? $"It may have {Said(limit.Value)} files and connections open at once, and needs at least {Said(Fewest)}, better 65536. Raise the limit: 'ulimit -n 65536' in a shell, 'LimitNOFILE=65536' in a systemd unit, '--ulimit nofile=65536' for a container."
        : null;

    /// <summary>So many callers' connections that files for the store and for hubs are left.</summary>
    public static long MostConnections(long wanted, long? limit) => limit is { } most ? Math.Min(wanted, Math.Max((most - Fewest) / AConnection, Fewest / 8)) : wanted;

    /// <summary>What is said at the start where the limit allows fewer connections than the settings; null where it does not.</summary>
    public static string? WhyFewConnections(long wanted, long? limit) => MostConnections(wanted, limit) is var most && most < wanted
        ? $"Only {Said(most)} connections of callers at once, not {Said(wanted)} (Gateway:Connections): it may have {Said(limit!.Value)} files and connections open. Raise that limit ('ulimit -n', 'LimitNOFILE='), or lower the setting."
        : null;

    private static string Said(long number) => number.ToString(CultureInfo.InvariantCulture);
}
