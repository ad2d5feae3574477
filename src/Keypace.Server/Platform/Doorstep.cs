using Keypace.Domain;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Platform;

/// <summary>
/// What happens to every request before anything looks at what it wants: an id, the headers that every answer has, and whether it called us
/// by a name of ours.
/// </summary>
internal sealed class Doorstep(RequestIds requestIds, HostNames names, RequestDelegate next)
{
    private static readonly Refusal _strangerName = new(
        RefusalReason.Malformed,
        "host_not_ours",
        "The request's Host header is not a name of this Keypace. Use the address that it listens on, or set KEYPACE_PUBLIC_URL to the one you use.");

    public Task InvokeAsync(HttpContext context)
    {
        context.TraceIdentifier = requestIds.Next();
        Mark(context);
        return names.Knows(context.Request.Headers.Host.ToString()) ? next(context) : Problems.WriteAsync(context, _strangerName);
    }

    /// <summary>The headers that every answer has; again where an answer that was begun is taken back.</summary>
    public static void Mark(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers[RequestIds.Header] = RequestIds.Of(context);
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }
}
