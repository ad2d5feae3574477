using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.Extensions.Hosting;

namespace Keypace.Server.Web;

/// <summary>
/// The connections of open pages (<c>/_blazor</c>): WebSockets and nothing else. Each ends with the session that it was opened for, and before
/// anything else when the server stops: whatever a page still shows then would be old.
/// </summary>
internal sealed class PageConnections(IHostApplicationLifetime lifetime)
{
    private const string Path = "/_blazor";

    /// <summary>True for every request of theirs, however it is written: routes take any case.</summary>
    public static bool Are(HttpRequest request) => request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// True for what only other transports than WebSockets send. Their own route takes a body by POST for a connection that has no transport yet,
    /// and answers 200, although none is offered.
    /// </summary>
    public static bool IsOfAnotherTransport(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsConnect(request.Method)
        && request.Path.StartsWithSegments(Path, StringComparison.OrdinalIgnoreCase, out var rest) && (!rest.HasValue || rest.Value == "/");

    /// <summary>Takes the other transports away from the framework's own route.</summary>
    public static void OfferWebSocketsOnly(EndpointBuilder endpoint)
    {
        foreach (var options in endpoint.Metadata.OfType<HttpConnectionDispatcherOptions>())
            options.Transports = HttpTransportType.WebSockets;
    }

    /// <summary>Runs one request of a connection: for a WebSocket as long as the page is open.</summary>
    public async Task RunAsync(HttpContext context, Session session, RequestDelegate next)
    {
        await using var withSession = session.Ending.UnsafeRegister(Cut, context);
        await using var withServer = lifetime.ApplicationStopping.UnsafeRegister(Cut, context);
        await next(context);
    }

    private static void Cut(object? context) => ((HttpContext)context!).Abort();
}
