using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Keypace.Server.Web.SignIn;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Web;

/// <summary>
/// Stands before the gateway: a person who opens an address below <c>/keys/NAME</c> in a browser gets to that key's page. What a hub would answer there is
/// never shown as a page of ours, and nothing is sent. Programs, which bring a token, and our own scripts, which do not navigate, go through.
/// </summary>
internal sealed class KeyNavigation(Sessions sessions, BrowserCookie cookies, KeySnapshots snapshots, RequestDelegate next)
{
    /// <summary>Where a sign-in leads back to that began below <c>/keys/NAME</c>: whether there is such a key is told only then.</summary>
    public const string ByName = "/key";

    private const string Name = "name";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (Named(context) is not { } name)
            return next(context);
        if ((cookies.Of(request) is { } cookie ? sessions.Find(cookie) : null) is not { } session)
            return SendTo(context, $"/sign-in?return={Uri.EscapeDataString($"{ByName}?{Name}={Uri.EscapeDataString(name)}")}");
        if (PageOf(name, session) is { } page)
            return SendTo(context, page);
        return PlainPages.NoticeAsync(
            context, StatusCodes.Status404NotFound, "There is no such key", "No API key has this name. A hub's own paths below it are for programs, with an access token.", "/keys", "All keys");
    }

    private static bool IsNavigation(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers["Sec-Fetch-Mode"].ToString().Equals("navigate", StringComparison.OrdinalIgnoreCase);

    /// <summary>The key that is asked for, "" for none; null where this is no navigation to one.</summary>
    private static string? Named(HttpContext context)
    {
        var request = context.Request;
        if (request.Path == ByName && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)))
            return request.Query[Name].ToString();
        return IsNavigation(request) && RequestTarget.IsBelowKeys(context) && !Callers.HasToken(request) ? HubTarget.Split(RequestTarget.Of(context))?.Name ?? "" : null;
    }

    private string? PageOf(string nameOrId, Session session) =>
        snapshots.Current.FindKey(session.TeamId, nameOrId) is { } key && sessions.AskerOf(session).Grant.Sees(key.Id) ? $"/key/{key.Id}" : null;

    private static Task SendTo(HttpContext context, string address)
    {
        WebHeaders.Apply(context.Response);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = address;
        return Task.CompletedTask;
    }
}
