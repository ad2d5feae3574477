using Keypace.Domain;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Keypace.Server.Platform;

/// <summary>Paths: what comes after the gateway and before the routes, and what no route took.</summary>
internal static class UnknownPaths
{
    /// <summary>Largest body of a management call; those of queries have a setting.</summary>
    private const long ManagementBodyBytes = 1 << 20;

    /// <summary>
    /// What clients of the service that this contract comes from may still ask for, and what it was.
    /// </summary>
    private static readonly string[] _notServed =
        ["evaluations", "detections", "detectors", "harnesses", "scenarios", "probes", "evaluators", "tags", "personas", "policies", "dome-configs"];

    /// <summary>A slash at the end of a <c>/v1</c> path counts as none; a management call's body is bounded.</summary>
    public static Task TidyAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (request.Path.Value is { Length: > 4 } path && path[^1] == '/' && path.StartsWith("/v1/", StringComparison.Ordinal))
            request.Path = path[..^1];
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body)
            body.MaxRequestBodySize = ManagementBodyBytes;
        return next(context);
    }

    /// <summary>The end of the line. The same for everybody, signed in or not.</summary>
    public static Task RefuseAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "/";
        var first = path.StartsWith("/v1/", StringComparison.Ordinal) ? path["/v1/".Length..].Split('/')[0] : "";
        return Problems.WriteAsync(context, Array.IndexOf(_notServed, first) >= 0
            ? new Refusal(
                RefusalReason.NotFound,
                "not_served",
                $"Keypace does not serve '{first}': it keeps API keys and paces queries. Its own routes are listed at /openapi/v1.json.")
            : new Refusal(
                RefusalReason.NotFound,
                "unknown_path",
                "There is nothing at this path. The routes are listed at /openapi/v1.json; a hub's own paths are under /keys/NAME/."));
    }
}
