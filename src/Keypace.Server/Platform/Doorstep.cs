using Keypace.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Server.Platform;

/// <summary>
/// What happens to every request before anything looks at what it wants: an id, the headers that every answer has, whether it called us
/// by a name of ours, and whether it is clear where it ends.
/// </summary>
internal sealed class Doorstep(RequestIds requestIds, HostNames names, TimeProvider time, RequestDelegate next)
{
    private static readonly Refusal _strangerName = new(
        RefusalReason.Malformed,
        "host_not_ours",
        "The request's Host header is not a name of this Keypace. Use the address that it listens on, or set KEYPACE_PUBLIC_URL to the one you use.");

    public Task InvokeAsync(HttpContext context)
    {
        context.TraceIdentifier = requestIds.Next();
        Mark(context);
        var asked = context.Request.Headers;
        if (Framing.IsAmbiguous(RequestTarget.Of(context), context.Request.Protocol, asked))
        {
            context.Response.Headers.Connection = "close";
            return Problems.WriteAsync(context, Framing.Ambiguous);
        }

        return names.Knows(asked.Host.ToString()) ? next(context) : RefuseAsync(context);
    }

    private async Task RefuseAsync(HttpContext context)
    {
        await Problems.WriteAsync(context, _strangerName);
        if (UnreadBody.IsLeft(context))
            await UnreadBody.DropAsync(context, time);
    }

    /// <summary>The headers that every answer has; again where an answer that was begun is taken back.</summary>
    public static void Mark(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[RequestIds.Header] = RequestIds.Of(context);
        headers.XContentTypeOptions = "nosniff";
        // Of what is no page of ours nothing may run or be framed; pages and hubs' answers put their own in place of these.
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'; frame-ancestors 'none'";
        headers.XFrameOptions = "DENY";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }
}
