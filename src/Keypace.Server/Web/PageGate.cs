using System.Security.Claims;
using Keypace.Domain;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Components.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Web;

/// <summary>
/// Stands before the pages and their connection: whoever is signed in goes through, anybody else to the sign-in page and back afterwards. Decided
/// after routing, so that an unknown path is unknown to everybody.
/// </summary>
internal sealed class PageGate(Sessions sessions, BrowserCookie cookies, PageConnections connections, RequestDelegate next)
{
    /// <summary>The claim that holds the session's handle.</summary>
    public const string SessionClaim = "session";

    /// <summary>The claim that holds the address of the browser's machine, for the audit.</summary>
    public const string FromClaim = "from";

    private static readonly Refusal _signedOut = new(
        RefusalReason.Unauthenticated, "session_ended", "Your session has ended. Sign in again; what you typed is kept.");

    private static readonly Refusal _strangerOrigin = new(
        RefusalReason.Forbidden, "cross_site", "Only Keypace's own pages may open this connection: the Origin header names another site, or none.");

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var isPage = context.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>() is not null;
        var isConnection = PageConnections.Are(request);
        if (!isPage && !isConnection)
            return next(context);

        WebHeaders.Apply(context.Response);
        if (cookies.IsSecure(request))
            context.Response.Headers.StrictTransportSecurity = "max-age=31536000";
        if (isConnection && !cookies.HasOwnOrigin(request))
            return Problems.WriteAsync(context, _strangerOrigin);
        var session = cookies.Of(request) is { } cookie ? sessions.Find(cookie) : null;
        if (session is null)
        {
            if (isConnection)
                return Problems.WriteAsync(context, _signedOut);
            context.Response.Redirect($"/sign-in?return={Uri.EscapeDataString(request.Path + request.QueryString)}");
            return Task.CompletedTask;
        }

        if (isConnection && PageConnections.IsOfAnotherTransport(request))
        {
            context.Response.Headers.Allow = "GET";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;   // described as every 405 is
            return Task.CompletedTask;
        }

        context.User = new ClaimsPrincipal(new ClaimsIdentity(
            [
                new Claim(SessionClaim, session.Id),
                new Claim(ClaimTypes.Name, session.Email),
                new Claim(FromClaim, context.Connection.RemoteIpAddress?.ToString() ?? ""),
            ],
            authenticationType: "session"));
        return isConnection ? connections.RunAsync(context, session, next) : next(context);
    }
}
