using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Keypace.Server.Platform;

/// <summary>The routes that need no access token.</summary>
internal static class PlainEndpoints
{
    // Monitors ask with HEAD.
    private static readonly string[] _reading = ["GET", "HEAD"];

    // Clients tell by the version that a server is older than they are.
    private static readonly byte[] _healthy = Encoding.UTF8.GetBytes(
        $"{{\"status\":\"ok\",\"version\":\"{typeof(PlainEndpoints).Assembly.GetName().Version?.ToString(3)}\"}}");

    public static void Map(IEndpointRouteBuilder routes, Readiness readiness, Metrics metrics)
    {
        routes.MapMethods("/healthz", _reading, context => WriteAsync(context, "application/json", _healthy)).ExcludeFromDescription();
        routes.MapMethods("/readyz", _reading, context => readiness.WhatIsMissing() is { } missing
            ? StatusAsync(context, StatusCodes.Status503ServiceUnavailable, "not_ready", missing)
            : StatusAsync(context, StatusCodes.Status200OK, "ready", null)).ExcludeFromDescription();
        routes.MapGet("/metrics", context => WriteAsync(context, Metrics.ContentType, metrics.Write())).ExcludeFromDescription();
        // Made once: it takes some 50 ms, and anybody may ask for it.
        var description = new Lazy<Task<byte[]>>(() => DescribeAsync(routes.ServiceProvider));
        routes.MapMethods("/openapi/v1.json", _reading, async context => await WriteAsync(context, "application/json", await description.Value)).ExcludeFromDescription();
    }

    private static async Task<byte[]> DescribeAsync(IServiceProvider services)
    {
        var document = await services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        using var text = new MemoryStream();
        await document.SerializeAsJsonAsync(text, OpenApiSpecVersion.OpenApi3_1);
        return text.ToArray();
    }

    private static Task StatusAsync(HttpContext context, int status, string word, string? why)
    {
        context.Response.StatusCode = status;
        var json = why is null ? $"{{\"status\":\"{word}\"}}" : $"{{\"status\":\"{word}\",\"detail\":\"{why}\"}}";
        return WriteAsync(context, "application/json", Encoding.UTF8.GetBytes(json));
    }

    private static Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
