using System.Net;
using System.Net.Sockets;

namespace Keypace.EndToEnd;

/// <summary>A line to a hub on which every piece takes its own time: what leaves evenly does not arrive so.</summary>
internal sealed class SlowLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Random _delays;
    private readonly (int Least, int Most) _delayMs;
    private readonly int _hubPort;
    private readonly Task _accepting;
    private TimeSpan _longest;

    /// <param name="delayMs">Of each piece on its way to the hub; answers come back at once.</param>
    public SlowLine(int hubPort, (int Least, int Most) delayMs, int seed)
    {
        (_hubPort, _delayMs, _delays) = (hubPort, delayMs, new Random(seed));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>The longest that a piece really took: on a machine with other things to do more than it was told, and then more than a guard can cover.</summary>
    public TimeSpan Longest
    {
        get
        {
            lock (_lock)
            {
                return _longest;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
            {
                lines.Add(RelayAsync(await _listener.AcceptSocketAsync(_stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task RelayAsync(Socket caller)
    {
        using var near = caller;
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.NoDelay = true;
        try
        {
            await far.ConnectAsync(IPAddress.Loopback, _hubPort, _stop.Token);
            await Task.WhenAny(CopyAsync(near, far, delayed: true), CopyAsync(far, near, delayed: false));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            // The line is cut.
        }
    }

    private async Task CopyAsync(Socket from, Socket to, bool delayed)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReceiveAsync(buffer, _stop.Token)) > 0)
        {
            var came = TimeProvider.System.GetTimestamp();
            if (delayed)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Next()), TimeProvider.System, _stop.Token);
            }

            await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            Took(TimeProvider.System.GetElapsedTime(came));
        }
    }

    private void Took(TimeSpan time)
    {
        lock (_lock)
        {
            _longest = time > _longest ? time : _longest;
        }
    }

    private int Next()
    {
        lock (_lock)
        {
            return _delays.Next(_delayMs.Least, _delayMs.Most + 1);
        }
    }
}
