using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Keypace.Tests.Client;

/// <summary>A real HTTP server on a free loopback port that gives prepared answers and remembers what it was asked.</summary>
internal sealed class AnswerServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<Asked, Answer>> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Asked> _asked = new();
    private readonly WebApplication _application;

    private AnswerServer(WebApplication application) => _application = application;

    public Uri Address => new(_application.Urls.First());

    public IReadOnlyList<Asked> Asked => [.. _asked];

    /// <summary>Looks at each request as it comes, headers and all.</summary>
    public Action<HttpRequest>? Seen { get; set; }

    public static async Task<AnswerServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var application = builder.Build();
        var server = new AnswerServer(application);
        application.Run(server.HandleAsync);
        await application.StartAsync();
        return server;
    }

    /// <summary>Answers <paramref name="route"/> ("GET /v1/hubs", without the query string) with a status and a body.</summary>
    public AnswerServer On(string route, string body, int status = 200, string type = "application/json", params (string Name, string Value)[] headers) =>
        On(route, _ => new Answer(status, type, body, headers));

    public AnswerServer On(string route, Func<Asked, Answer> answer)
    {
        _answers[route] = answer;
        return this;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        Seen?.Invoke(context.Request);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var asked = new Asked(
            context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", await reader.ReadToEndAsync(), context.Request.Headers.Authorization.ToString());
        _asked.Enqueue(asked);
        var answer = _answers.TryGetValue($"{asked.Method} {asked.Path}", out var prepared)
            ? prepared(asked)
            : new Answer(404, "application/json", """{"detail":"not prepared","code":"not_prepared","request_id":"req-404"}""", []);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.Type;
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;

        await context.Response.WriteAsync(answer.Body);
    }
}

internal sealed record Asked(string Method, string Path, string Query, string Body, string Authorization);

internal sealed record Answer(int Status, string Type, string Body, (string Name, string Value)[] Headers);
