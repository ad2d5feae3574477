using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Keypace.EndToEnd;

/// <summary>A hub on loopback that notes exactly what reaches it and answers what the test says.</summary>
internal sealed class CheckingHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Seen> _seen = new();
    private readonly Func<Seen, Said> _answer;

    private CheckingHub(WebApplication app, Func<Seen, Said> answer) => (_app, _answer) = (app, answer);

    /// <param name="Target">Path and query as they were sent.</param>
    internal sealed record Seen(string Method, string Target, IHeaderDictionary Headers, string Body);

    /// <param name="Pieces">Written one after the other, each flushed; null in place of a piece breaks the connection.</param>
    internal sealed record Said(int Status, string ContentType, params string?[] Pieces)
    {
        public static Said Json(string body, int status = 200) => new(status, "application/json", body);

        public static Said Chat(string text = "hello") =>
            Json($$$"""{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"{{{text}}}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""");
    }

    /// <summary>Without a slash at its end.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Everything so far, in the order of its coming.</summary>
    public IReadOnlyList<Seen> All => [.. _seen];

    public static async Task<CheckingHub> StartAsync(Func<Seen, Said> answer)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var hub = new CheckingHub(builder.Build(), answer);
        hub._app.Run(hub.AnswerAsync);
        await hub._app.StartAsync();
        hub.Address = hub._app.Urls.Single();
        return hub;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var copy = new HeaderDictionary();
        foreach (var (name, value) in context.Request.Headers)
            copy[name] = value;

        var seen = new Seen(context.Request.Method, context.Request.Path.Value + context.Request.QueryString.Value, copy, await reader.ReadToEndAsync());
        _seen.Enqueue(seen);
        var said = _answer(seen);
        context.Response.StatusCode = said.Status;
        context.Response.ContentType = said.ContentType;
        foreach (var piece in said.Pieces)
        {
            if (piece is null)
            {
                context.Abort();
                return;
            }

            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(piece));
            await context.Response.Body.FlushAsync();
        }
    }
}
