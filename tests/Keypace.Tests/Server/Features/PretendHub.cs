using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Keypace.Tests.Server.Features;

/// <summary>A hub on loopback that knows one secret, lists two models and repeats in its refusals what it was sent.</summary>
public sealed class PretendHub : IAsyncDisposable
{
    public const string Secret = "sk-test-not-a-real-key-of-the-pretend-hub-0001";

    private readonly ConcurrentQueue<string> _seen = new();
    private int _left = 500;
    private WebApplication? _app;

    /// <summary>Base address for keys, with <c>/v1</c>.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Method, path and credential of every request.</summary>
    public IReadOnlyCollection<string> Seen => _seen;

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        Url = _app.Urls.Single() + "/v1";
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var credential = context.Request.Headers.Authorization.ToString();
        _seen.Enqueue($"{context.Request.Method} {context.Request.Path} {credential}");
        context.Response.ContentType = "application/json";
        context.Response.Headers["x-ratelimit-limit-requests"] = "500";
        if (context.Request.Path.Value!.Contains("/sibling", StringComparison.Ordinal))
            context.Response.Headers["openai-organization"] = "org-not-a-real-one";
        if (context.Request.Path.Value!.Contains("/counted", StringComparison.Ordinal))
            context.Response.Headers["x-ratelimit-remaining-requests"] = Interlocked.Decrement(ref _left).ToString(CultureInfo.InvariantCulture);
        context.Response.StatusCode = credential == $"Bearer {Secret}" ? 200 : 401;
        var body = context.Response.StatusCode == 200
            ? """{"data":[{"id":"pretend-1"},{"id":"pretend-2"}]}"""
            : JsonSerializer.Serialize(new { error = new { message = $"No such key: {credential}" } });
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body)).AsTask();
    }
}
