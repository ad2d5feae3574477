namespace Keypace.Server.Platform;

/// <summary>What <c>/metrics</c> says of the process itself. Each figure is read when somebody asks.</summary>
internal static class ProcessFigures
{
    /// <param name="dataFolder">On whose disk free space is told.</param>
    public static void AddTo(Metrics metrics, DateTimeOffset startedAt, string dataFolder)
    {
        var version = typeof(ProcessFigures).Assembly.GetName().Version?.ToString(3);
        metrics.AddFamily("keypace_build_info", "gauge", "1, with the version and the runtime's.", () => [($"{{version=\"{version}\",runtime=\"{Environment.Version}\"}}", 1)]);
        metrics.AddGauge("keypace_start_time_seconds", "When it started, in seconds since 1970.", () => startedAt.ToUnixTimeMilliseconds() / 1000.0);
        metrics.AddCounter("keypace_cpu_seconds_total", "Processor time since the start, in seconds.", () => Environment.CpuUsage.TotalTime.TotalSeconds);
        metrics.AddGauge("keypace_open_files", "Files and connections open now.", () => OpenFiles.Now() ?? double.NaN);
        metrics.AddGauge("keypace_open_files_limit", "The most that may be open.", () => OpenFiles.Limit ?? double.NaN);
        metrics.AddGauge("keypace_disk_free_bytes", "Free space on the data folder's disk.", () => FreeBytes(dataFolder) ?? double.NaN);
    }

    /// <summary>Null where the system does not say.</summary>
    private static double? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
