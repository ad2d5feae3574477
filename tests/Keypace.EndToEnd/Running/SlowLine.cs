using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>
/// A line to a hub on which every piece takes its own time: what leaves evenly does not arrive so. A piece that a busy machine held up for longer than the
/// line is told to is not delivered, the line is cut instead: a guard can cover only delays that are as they are said to be.
/// </summary>
internal sealed class SlowLine : IAsyncDisposable
{
    private static readonly TimeSpan MostLate = TimeSpan.FromMilliseconds(5);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Random _delays;
    private readonly (int Least, int Most) _delayMs;
    private readonly int _hubPort;
    private readonly X509Certificate2? _certificate;
    private readonly Task _accepting;
    private TimeSpan _longest;

    /// <summary>Pieces that were not delivered because they were late.</summary>
    public int Cut { get; private set; }

    /// <param name="delayMs">Of each piece on its way to the hub; answers come back at once.</param>
    /// <param name="certificate">Of <c>localhost</c>, with its key: TLS as far as this line; null: none.</param>
    public SlowLine(int hubPort, (int Least, int Most) delayMs, int seed, X509Certificate2? certificate = null)
    {
        (_hubPort, _delayMs, _delays, _certificate) = (hubPort, delayMs, new Random(seed), certificate);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => _certificate is null ? $"http://{_listener.LocalEndpoint}" : $"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The longest that a connection lies before it is taken.</summary>
    public TimeSpan TakesAfter { get; init; }

    /// <summary>The longest that a piece took that was delivered.</summary>
    public TimeSpan Longest
    {
        get
        {
            lock (_lock)
                return _longest;
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
                await Task.Delay(TakesAfter, TimeProvider.System, _stop.Token);
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
            await using var plain = new NetworkStream(near);
            await using var hub = new NetworkStream(far);
            await using var secured = _certificate is null ? null : new SslStream(plain);
            if (secured is not null)
                await secured.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);

            var keypace = (Stream?)secured ?? plain;
            await Task.WhenAny(CopyAsync(keypace, hub, delayedFrom: near), CopyAsync(hub, keypace, delayedFrom: null));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or IOException or AuthenticationException)
        {
            // The line is cut.
        }
    }

    /// <param name="delayedFrom">Where the pieces come from, when they are held up.</param>
    private async Task CopyAsync(Stream from, Stream to, Socket? delayedFrom)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, _stop.Token)) > 0)
        {
            if (delayedFrom is not null)
            {
                // A machine that is full may let a piece lie before it is even read: that is part of its way.
                var (came, lay) = (TimeProvider.System.GetTimestamp(), TimeSpan.FromMilliseconds(KernelNews.UnreadForMs(delayedFrom)));
                await Task.Delay(TimeSpan.FromMilliseconds(Next()), TimeProvider.System, _stop.Token);
                if (!IsInTime(lay + TimeProvider.System.GetElapsedTime(came)))
                    return;
            }

            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }

    private bool IsInTime(TimeSpan took)
    {
        lock (_lock)
        {
            if (took > TimeSpan.FromMilliseconds(_delayMs.Most) + MostLate)
            {
                Cut++;
                return false;
            }

            _longest = took > _longest ? took : _longest;
            return true;
        }
    }

    private int Next()
    {
        lock (_lock)
            return _delays.Next(_delayMs.Least, _delayMs.Most + 1);
    }
}
