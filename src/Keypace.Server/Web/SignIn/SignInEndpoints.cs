using System.Text.Json;
using Keypace.Domain;
using Keypace.Server.People.SettingUp;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Keypace.Server.Web.SignIn;

/// <summary>Signing in and out. Changes come as JSON from our own pages' scripts, which no other site can send without asking first.</summary>
internal sealed class SignInEndpoints(Claim claim, Sessions sessions, BrowserCookie cookies, SignInOperations signIn)
{
    private static readonly Refusal _unreadable = new(
        RefusalReason.Malformed, "unreadable_form", "Send the fields of the form as a JSON object of texts.");

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/sign-in", ShowAsync).ExcludeFromDescription();
        routes.MapPost("/sign-in", WithPasswordAsync).ExcludeFromDescription();
        routes.MapGet("/sign-in/link", ShowLinkAsync).ExcludeFromDescription();
        routes.MapPost("/sign-in/link", WithLinkAsync).ExcludeFromDescription();
        routes.MapGet("/sign-in/state", StateAsync).ExcludeFromDescription();
        routes.MapPost("/sign-out", SignOutAsync).ExcludeFromDescription();
    }

    private Task ShowAsync(HttpContext context) => PlainPages.WriteAsync<SignInPage>(context, StatusCodes.Status200OK, new()
    {
        [nameof(SignInPage.Return)] = OwnPages.Return(context.Request.Query["return"].ToString()),
        [nameof(SignInPage.IsUnclaimed)] = !claim.IsClaimed,
    });

    private Task ShowLinkAsync(HttpContext context)
    {
        var token = context.Request.Query["token"].ToString();
        var isGood = signIn.IsGoodLink(token);
        return PlainPages.WriteAsync<SignInLinkPage>(context, isGood ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden, new()
        {
            [nameof(SignInLinkPage.Token)] = isGood ? token : "",
            [nameof(SignInLinkPage.IsGood)] = isGood,
        });
    }

    private Task WithPasswordAsync(HttpContext context) => SignInAsync(context, (form, from) => signIn.WithPasswordAsync(
        form.GetValueOrDefault("email") ?? "", form.GetValueOrDefault("password") ?? "", cookies.KnownBrowserOf(context.Request), from, RequestIds.Of(context), context.RequestAborted));

    private Task WithLinkAsync(HttpContext context) => SignInAsync(context, (form, from) => signIn.WithLinkAsync(
        form.GetValueOrDefault("token") ?? "", from, RequestIds.Of(context), context.RequestAborted));

    private async Task SignInAsync(HttpContext context, Func<IReadOnlyDictionary<string, string>, string, Task<Outcome<Entry>>> enter)
    {
        if ((cookies.WhyInsecure(context) ?? cookies.WhyForeign(context.Request)) is { } refusal
            || !(await ReadAsync(context.Request)).TryGet(out var form, out refusal)
            || !(await enter(form, context.Connection.RemoteIpAddress?.ToString() ?? "")).TryGet(out var entry, out refusal))
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        // A new session at every sign-in; the one that the browser had until now ends.
        await EndAsync(context);
        cookies.SetEntry(context, entry);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task SignOutAsync(HttpContext context)
    {
        if (cookies.WhyForeign(context.Request) is { } refusal)
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        await EndAsync(context);
        cookies.Clear(context);
        context.Response.Headers["Clear-Site-Data"] = "\"storage\"";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>For the sign-in page, which a link from elsewhere may have opened without the cookie although there is one.</summary>
    private Task StateAsync(HttpContext context)
    {
        var isSignedIn = cookies.Of(context.Request) is { } cookie && sessions.Find(cookie) is not null;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(isSignedIn ? """{"signed_in":true}""" : """{"signed_in":false}""");
    }

    private async Task EndAsync(HttpContext context)
    {
        if (cookies.Of(context.Request) is { } cookie && sessions.Find(cookie) is { } session)
            await sessions.EndAsync(session, context.RequestAborted);
    }

    private static async Task<Outcome<Dictionary<string, string>>> ReadAsync(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            return _unreadable;
        if (!(await FormBody.ReadAsync(request)).TryGet(out var body, out var refusal))
            return refusal;
        using (body)
        {
            try
            {
                return JsonSerializer.Deserialize<Dictionary<string, string>>(body.Original.Span) is { } form ? form : _unreadable;
            }
            catch (JsonException)
            {
                return _unreadable;
            }
        }
    }
}
