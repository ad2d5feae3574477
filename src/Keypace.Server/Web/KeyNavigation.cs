using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.People.SignIn;
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
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (!IsNavigation(request) || !IsBelowKeys(context) || Callers.HasToken(request))
            return next(context);

        var session = cookies.Of(request) is { } cookie ? sessions.Find(cookie) : null;
        if (HubTarget.Split(GatewayFeature.TargetOf(context)) is { } parts && PageOf(parts.Name, session) is { } page)
            return SendTo(context, session is null ? $"/sign-in?return={Uri.EscapeDataString(page)}" : page);
        return PlainPages.NoticeAsync(
            context, StatusCodes.Status404NotFound, "There is no such key", "No API key has this name. A hub's own paths below it are for programs, with an access token.", "/keys", "All keys");
    }

    private static bool IsNavigation(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && request.Headers["Sec-Fetch-Mode"].ToString().Equals("navigate", StringComparison.OrdinalIgnoreCase);

    private static bool IsBelowKeys(HttpContext context) =>
        context.Request.Path.Value!.StartsWith("/keys/", StringComparison.Ordinal) || GatewayFeature.TargetOf(context).StartsWith("/keys/", StringComparison.Ordinal);

    private string? PageOf(string nameOrId, Session? session)
    {
        var snapshot = snapshots.Current;
        ServedKey? key;
        if (session is not null)
        {
            key = snapshot.FindKey(session.TeamId, nameOrId);
            if (key is not null && !sessions.AskerOf(session).Grant.Sees(key.Id))
                key = null;
        }
        else
        {
            // Whose team is not known yet; a name that several have leads nowhere.
            var named = snapshot.Keys.Values.Select(one => one.TeamId).Distinct().Select(team => snapshot.FindKey(team, nameOrId)).OfType<ServedKey>().Take(2).ToArray();
            key = named.Length == 1 ? named[0] : null;
        }

        return key is null ? null : $"/key/{key.Id}";
    }

    private static Task SendTo(HttpContext context, string address)
    {
        WebHeaders.Apply(context.Response);
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = address;
        return Task.CompletedTask;
    }
}
