using System.Net.Sockets;

namespace Keypace.Demo;

/// <summary>What the kernel knows of a connection and a process that was held up does not.</summary>
internal static class KernelNews
{
    // struct tcp_info of <linux/tcp.h>: milliseconds since the last data came in, counted in kernel ticks of up to 4 ms.
    private const int IpProtocolTcp = 6, TcpInfo = 11, LastDataReceivedOffset = 52, TickMs = 4;

    /// <summary>
    /// For how many milliseconds what was just read has lain in the socket. One tick is taken off, so that it is never more than the truth by more
    /// than the kernel's own rounding; 0 where the kernel cannot be asked.
    /// </summary>
    public static int UnreadForMs(Socket? socket)
    {
        if (socket is null || !OperatingSystem.IsLinux())
            return 0;

        Span<byte> info = stackalloc byte[LastDataReceivedOffset + 4];
        try
        {
            socket.GetRawSocketOption(IpProtocolTcp, TcpInfo, info);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return 0;
        }

        return Math.Max(0, BitConverter.ToInt32(info[LastDataReceivedOffset..]) - TickMs);
    }
}
