using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.EndToEnd;

/// <summary>A hub on loopback with a language of its own: it keeps every request exactly as it came, and answers what the test says.</summary>
internal sealed class NativeHub : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Func<NativeRequest, NativeReply> _answer;
    private readonly List<NativeRequest> _seen = [];

    private NativeHub(Func<NativeRequest, NativeReply> answer)
    {
        _answer = answer;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    /// <summary><c>http://127.0.0.1:port</c>, without a slash at the end.</summary>
    public string Address => _application.Urls.First();

    public IReadOnlyList<NativeRequest> Seen
    {
        get
        {
            lock (_seen)
                return [.. _seen];
        }
    }

    public static async Task<NativeHub> StartAsync(Func<NativeRequest, NativeReply> answer)
    {
        var hub = new NativeHub(answer);
        await hub._application.StartAsync();
        return hub;
    }

    public async ValueTask DisposeAsync() => await _application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var request = new NativeRequest(
            context.Request.Method,
            context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            [.. context.Request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString()))],
            body.ToArray());
        lock (_seen)
            _seen.Add(request);

        var reply = _answer(request);
        context.Response.StatusCode = reply.Status;
        if (reply.ContentType is not null)
            context.Response.ContentType = reply.ContentType;

        foreach (var (name, value) in reply.Headers)
            context.Response.Headers[name] = value;

        await context.Response.Body.WriteAsync(reply.Body);
        await context.Response.Body.FlushAsync();
        if (reply.Stalls)
        {
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            }
            catch (OperationCanceledException)
            {
                // Whoever asked has given up, as it should.
            }
        }
    }
}

/// <param name="Target">Path and query as they were on the wire.</param>
internal sealed record NativeRequest(string Method, string Target, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
}

internal sealed record NativeReply(int Status, string? ContentType, byte[] Body)
{
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>Nothing comes behind the body, and no end either.</summary>
    public bool Stalls { get; init; }

    public static NativeReply Json(int status, string body, params (string Name, string Value)[] headers) =>
        new(status, "application/json", System.Text.Encoding.UTF8.GetBytes(body)) { Headers = headers };
}
