using System.Globalization;

namespace Keypace.Server.Pacing.Journal;

/// <summary>What a process can know of the machine's past.</summary>
internal interface IMachine
{
    /// <summary>The same for all processes since the machine started; empty when that cannot be known.</summary>
    string BootId { get; }

    /// <summary>Nanoseconds since the machine started.</summary>
    long Uptime { get; }
}

/// <summary>Linux, from /proc.</summary>
internal sealed class LinuxMachine : IMachine
{
    public string BootId
    {
        get
        {
            try
            {
                return File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return "";   // then every start counts as the first after a power failure
            }
        }
    }

    public long Uptime
    {
        get
        {
            try
            {
                var seconds = File.ReadAllText("/proc/uptime").Split(' ')[0];
                return (long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FormatException)
            {
                return 0;   // then what was sent before counts as sent now
            }
        }
    }
}
