using Keypace.Domain;
using Keypace.Server.Platform.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>
/// Which pages of other origins may read what queries answer (the setting <c>Cors:Origins</c>; none unless it lists some). Their browsers' preflights are
/// answered here, without token or permit. Never with cookies: what such a page may do, it may do with a token. What a hub says of origins never passes.
/// </summary>
internal sealed class CrossOrigin(OriginList listed, RequestDelegate next)
{
    /// <summary>What pages may read besides the headers that every page may read.</summary>
    private const string Exposed =
        "x-request-id, x-keypace-key, x-keypace-waited-ms, x-keypace-remaining, x-keypace-position, x-keypace-binding, x-keypace-error, "
        + "x-keypace-hub-request-id, x-keypace-token-expires, retry-after, retry-after-ms, x-should-retry";

    private const string Methods = "GET, HEAD, POST, PUT, PATCH, DELETE";

    /// <summary>So long a browser need not ask again, in seconds.</summary>
    private const string MaxAge = "600";

    private static readonly Refusal NotListed = new(RefusalReason.Forbidden, "origin_not_listed",
        "Pages of this origin may not send queries here. An operator can list it in the setting Cors:Origins.");

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Headers.Origin is not { Count: > 0 } origin)
            return next(context);
        var isListed = origin.Count == 1 && listed.Has(origin[0]) && IsForPrograms(context);
        if (HttpMethods.IsOptions(context.Request.Method) && context.Request.Headers.AccessControlRequestMethod.Count > 0)
            return isListed ? AnswerAsync(context, origin[0]!) : Problems.WriteAsync(context, NotListed);
        if (isListed)
        {
            // At the last moment, for an answer that was begun may be taken back.
            context.Response.OnStarting(static state =>
            {
                var (response, origin) = ((HttpResponse, string))state;
                Allow(response.Headers, origin);
                response.Headers.AccessControlExposeHeaders = Exposed;
                return Task.CompletedTask;
            }, (context.Response, origin[0]!));
        }

        return next(context);
    }

    private static Task AnswerAsync(HttpContext context, string origin)
    {
        var headers = context.Response.Headers;
        Allow(headers, origin);
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlMaxAge = MaxAge;
        if (NamesOf(context.Request.Headers.AccessControlRequestHeaders.ToString()) is { Length: > 0 } names)
            headers.AccessControlAllowHeaders = names;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static void Allow(IHeaderDictionary headers, string origin)
    {
        headers.AccessControlAllowOrigin = origin;
        headers.AppendCommaSeparatedValues("Vary", "Origin");
    }

    /// <summary>What it asks for that is a header's name, but for the one with which our own pages use their cookie.</summary>
    private static string NamesOf(string asked) => string.Join(", ", asked
        .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        .Where(name => name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_') && !name.Equals("x-keypace", StringComparison.OrdinalIgnoreCase)));

    /// <summary>Pages are for people at our own origin.</summary>
    private static bool IsForPrograms(HttpContext context) =>
        context.Request.Path.Value?.StartsWith("/v1/", StringComparison.Ordinal) == true || RequestTarget.IsBelowKeys(context);
}

/// <summary>Puts <see cref="CrossOrigin"/> in front of what it guards.</summary>
internal static class CrossOriginStep
{
    public static void UseListedOrigins(this IApplicationBuilder app, Settings.Settings settings)
    {
        if (!OriginList.Parse(settings.Text("Cors:Origins")).TryGet(out var listed, out var refusal))
            throw new InvalidOperationException(refusal.Detail);   // the settings table has checked it
        app.Use(next => new CrossOrigin(listed, next).InvokeAsync);
    }
}
