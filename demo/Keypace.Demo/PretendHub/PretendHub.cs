using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Demo;

/// <summary>
/// A model hub on loopback that speaks OpenAI's routes (and Anthropic's messages), keeps a log of what arrived when, and can
/// misbehave in every way that real hubs do. Its log, not Keypace's own word, is what the demo and the tests judge by.
/// </summary>
internal sealed class PretendHub : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private PretendHubOptions _options;
    private HubLimiter? _window;
    private Random _delays;
    private int _arrivals;
    private int _faultsLeft;

    private PretendHub(PretendHubOptions options, TimeProvider time)
    {
        _time = time;
        Behave(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(IPAddress.Loopback, options.Port, listen => listen.Use(next => FirstByteStamp.Watch(next, time)));
        });
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    public ArrivalLog Log { get; } = new();

    /// <summary><c>http://127.0.0.1:port</c>, without a slash at the end.</summary>
    public string Address { get; private set; } = "";

    public int Port => new Uri(Address).Port;

    public PretendHubOptions Options
    {
        get
        {
            lock (_lock)
                return _options;
        }
    }

    public static async Task<PretendHub> StartAsync(PretendHubOptions options, TimeProvider? time = null)
    {
        var hub = new PretendHub(options, time ?? TimeProvider.System);
        await hub._application.StartAsync();
        hub.Address = hub._application.Urls.First();
        await hub.WarmUpAsync();
        return hub;
    }

    /// <summary>Changes the behaviour from the next request on; limit, delays and faults start anew.</summary>
    [System.Diagnostics.CodeAnalysis.MemberNotNull(nameof(_options), nameof(_delays))]
    public void Behave(PretendHubOptions options)
    {
        lock (_lock)
        {
            _options = options;
            _window = HubLimiter.For(options);
            _delays = new Random(options.Seed);
            _faultsLeft = options.Fault == HubFault.None ? 0 : options.FaultTimes;
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource();
        await atOnce.CancelAsync();
        await _application.StopAsync(atOnce.Token);
        await _application.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var appAtNs = Wire.Nanoseconds(_time);
        var stamp = context.Features.Get<FirstByteStamp>();
        var atNs = stamp?.Take() ?? appAtNs;
        var request = context.Request;
        if (HubConsole.Serves(request.Path.Value ?? ""))
        {
            stamp?.Rearm();
            await HubConsole.AnswerAsync(context, this);
            return;
        }

        var body = await ReadBodyAsync(context);
        stamp?.Rearm();
        var query = HubQuery.Read(body);
        var arrival = new Arrival(
            Interlocked.Increment(ref _arrivals), atNs, appAtNs, request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            context.Connection.Id, stamp?.Requests ?? 1, query.Caller, query.Model,
            request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase), body);
        Log.Add(arrival);

        var (options, window, fault, delayMs) = Decide(arrival);
        try
        {
            await new HubRequest(context, arrival, query, options, _time).AnswerAsync(fault, window, delayMs);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            arrival.CallerLeft = true;
        }
    }

    private (PretendHubOptions Options, HubLimiter? Window, HubFault Fault, int DelayMs) Decide(Arrival arrival)
    {
        lock (_lock)
        {
            var strikes = _faultsLeft > 0 && (_options.Fault != HubFault.CloseWhenReused || arrival.OnConnection > 1);
            _faultsLeft -= strikes ? 1 : 0;
            var delayMs = _options.DelayMs.Most == 0 ? 0 : _delays.Next(_options.DelayMs.Least, _options.DelayMs.Most + 1);
            var fault = strikes ? _options.Fault
                : _options.DropShare > 0 && _delays.NextDouble() < _options.DropShare ? HubFault.CloseBeforeAnswer
                : HubFault.None;
            return (_options, _window, fault, delayMs);
        }
    }

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        if (context.Request.ContentLength is 0)
            return [];

        using var buffer = new MemoryStream((int)(context.Request.ContentLength ?? 256));
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        return buffer.ToArray();
    }

    /// <summary>Compiles the path before it counts: a cold first wave would be stamped late.</summary>
    private async Task WarmUpAsync()
    {
        var real = Options;
        Behave(new PretendHubOptions());
        using var client = new HttpClient { BaseAddress = new Uri(Address) };
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async number =>
        {
            using var content = new StringContent($$"""{"model":"warm-up","user":"warm-up","stream":{{(number % 2 == 0 ? "true" : "false")}}}""");
            using var answer = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);
            await answer.Content.ReadAsByteArrayAsync();
        }));
        Log.Clear();
        _arrivals = 0;
        Behave(real);
    }
}
