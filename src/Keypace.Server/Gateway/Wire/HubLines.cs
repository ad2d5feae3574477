using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Keypace.Domain.Keys;

namespace Keypace.Server.Gateway.Wire;

/// <summary>
/// The connections to hubs: one handler a key and destination, so no two credentials ever share a connection. Made at first use,
/// dropped after two idle minutes. This is the only place that constructs an HTTP handler for hubs.
/// </summary>
internal sealed class HubLines : IDisposable
{
    private static readonly TimeSpan IdleBeforeDrop = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<LineName, HubLine> _lines = new();

    /// <summary>How a name becomes addresses. Tests give their own, which changes its mind.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>How a socket is connected to one of the addresses that may be dialled.</summary>
    internal Func<Socket, IPAddress[], int, CancellationToken, ValueTask> Dial { get; init; } =
        static (socket, allowed, port, ct) => socket.ConnectAsync(allowed, port, ct);

    private readonly EgressPolicy _egress;
    private readonly GatewayOptions _options;
    private readonly HubGuards _guards;
    private readonly TimeProvider _time;
    private readonly ITimer _sweep;

    public HubLines(EgressPolicy egress, GatewayOptions options, HubGuards guards, TimeProvider time)
    {
        _guards = guards;
        _egress = egress;
        _options = options;
        _time = time;
        _sweep = time.CreateTimer(_ => DropIdle(), null, IdleBeforeDrop / 2, IdleBeforeDrop / 2);
    }

    /// <summary>The line for this key, destination and secret. Give it back with <see cref="HubLine.Leave"/>.</summary>
    public HubLine Enter(LineName name)
    {
        while (true)
        {
            var line = _lines.GetOrAdd(name, static (_, lines) => lines.Open(), this);
            if (line.TryEnter())
                return line;
            _lines.TryRemove(KeyValuePair.Create(name, line));   // it was being dropped
        }
    }

    /// <summary>A way to where access tokens come from, under the same rules of egress; what passes here is no query and takes no permit. Dispose it after the call.</summary>
    public HttpMessageInvoker OpenUnpaced() => new(CreateHandler(), disposeHandler: true);

    private HubLine Open()
    {
        var handler = CreateHandler();
        handler.PlaintextStreamFilter = static (context, _) => ValueTask.FromResult<Stream>(new PermitStream(context.PlaintextStream));
        return new(new HttpMessageInvoker(handler, disposeHandler: true), _time);
    }

    private SocketsHttpHandler CreateHandler() => new()
    {
        AllowAutoRedirect = false,                 // a redirect would carry the key to a place somebody else chose
        UseCookies = false,
        UseProxy = false,
        Credentials = null,
        PreAuthenticate = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = _options.Connect,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        MaxConnectionsPerServer = int.MaxValue,    // a granted permit never waits for a socket; concurrency is the pacer's to bound
        MaxResponseHeadersLength = 32,             // KiB
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = false,
        SslOptions = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 },
        ConnectCallback = ConnectAsync,
    };

    /// <summary>Resolves, checks every address, dials only what may be dialled.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var isPlain = context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttp;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, ct);
        var allowed = Array.FindAll(addresses, address =>
            isPlain ? _egress.IsListed(address, port) : _egress.MayConnect(address, port));
        if (allowed.Length == 0)
            throw new EgressRefusedException(host, port);

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var began = _time.GetTimestamp();
            await Dial(socket, allowed, port, ct);
            _guards.Connected(host, port, socket, _time.GetElapsedTime(began));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    internal void DropIdle()
    {
        foreach (var (name, line) in _lines)
        {
            if (line.TryDrop(IdleBeforeDrop))
                _lines.TryRemove(KeyValuePair.Create(name, line));
        }
    }

    public void Dispose()
    {
        _sweep.Dispose();
        foreach (var line in _lines.Values)
            line.Dispose();
    }
}

/// <param name="SecretVersion">A new secret gets new connections.</param>
internal readonly record struct LineName(Guid ApiKeyId, string Destination, long SecretVersion);

/// <summary>The address resolves to nothing that queries may be sent to.</summary>
internal sealed class EgressRefusedException(string host, int port)
    : IOException($"{host}:{port} has no address that queries may be sent to.");

/// <summary>One key's connections to one destination, counted so that it is never dropped in use.</summary>
internal sealed class HubLine(HttpMessageInvoker invoker, TimeProvider time) : IDisposable
{
    private const int Dropped = int.MinValue / 2;

    private int _inUse;
    private long _lastUsed = time.GetTimestamp();

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken ct) => invoker.SendAsync(request, ct);

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _inUse) > 0)
            return true;
        Interlocked.Decrement(ref _inUse);
        return false;
    }

    public void Leave()
    {
        Volatile.Write(ref _lastUsed, time.GetTimestamp());
        Interlocked.Decrement(ref _inUse);
    }

    public bool TryDrop(TimeSpan idle)
    {
        if (time.GetElapsedTime(Volatile.Read(ref _lastUsed)) < idle || Interlocked.CompareExchange(ref _inUse, Dropped, 0) != 0)
            return false;
        invoker.Dispose();
        return true;
    }

    public void Dispose() => invoker.Dispose();
}
