using System.Net;
using System.Net.Sockets;

namespace Keypace.Demo;

/// <summary>Ports for children that must be told theirs.</summary>
internal static class LoopbackPort
{
    // Below 32768, where Linux takes the ports of outgoing connections from: there a port that is free now may not be in a moment.
    private const int Lowest = 15_000, Highest = 32_000;
    private static readonly Random Chance = new(Environment.ProcessId);
    private static readonly Lock Gate = new();

    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public static int Free()
    {
        lock (Gate)
        {
            int port;
            do
            {
                port = Chance.Next(Lowest, Highest);
            }
            while (!IsFree(port));

            return port;
        }
    }
}
