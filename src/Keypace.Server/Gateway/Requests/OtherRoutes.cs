using Keypace.Domain;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Requests;

/// <summary>Routes of hubs that have no <c>model</c> to go by, or speak no JSON: they go as they are to the key that a header names.</summary>
internal static class OtherRoutes
{
    private static readonly string[] Prefixes =
    [
        "/v1/audio", "/v1/images", "/v1/files", "/v1/moderations", "/v1/batches", "/v1/uploads", "/v1/vector_stores", "/v1/rerank", "/v1/messages", "/v1/responses", "/v1/chat/completions",
    ];

    /// <summary>True for such a route, and for HEAD and OPTIONS of every route that goes to a hub, where the key is named.</summary>
    public static bool GoToTheNamedKey(HttpRequest request, string path)
    {
        if (request.Headers[ModelChoice.KeyHeader].Count == 0 || !path.StartsWith("/v1/", StringComparison.Ordinal))
            return false;
        var isRoute = GatewayRoute.Of(path) is not null;
        var asksOnly = HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        return (asksOnly && (isRoute || path == "/v1/models")) || (!isRoute && PrefixOf(path) is not null);
    }

    /// <summary>Why a path is not served without a key's name; null for what is no route of a hub.</summary>
    public static Refusal? WhyNot(string path)
    {
        if (path.StartsWith("/v1/realtime", StringComparison.Ordinal))
            return new Refusal(RefusalReason.NotServed, "websocket_not_served", "WebSocket and realtime sessions do not go through Keypace yet.");
        return PrefixOf(path) is { } prefix
            ? new Refusal(RefusalReason.NotFound, "use_passthrough",
                $"{prefix} is not routed by model. Name the key in the header {ModelChoice.KeyHeader}, or send it through the key: /keys/NAME{prefix}…, with the rest of the path as you have it.")
            : null;
    }

    private static string? PrefixOf(string path) =>
        Array.Find(Prefixes, prefix => path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/'));
}
