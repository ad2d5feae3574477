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

    /// <summary>True for HEAD and OPTIONS that name a key: they get what its hub says, on routes that are read here otherwise too.</summary>
    public static bool AsksOnly(HttpRequest request) =>
        !HttpMethods.IsPost(request.Method) && (HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)) && NamesKey(request);

    /// <summary>True for such a route where the key is named.</summary>
    public static bool GoesToTheNamedKey(HttpRequest request, string path) => (PrefixOf(path) is not null || (path == "/v1/models" && AsksOnly(request))) && NamesKey(request);

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

    private static bool NamesKey(HttpRequest request) => request.Headers[ModelChoice.KeyHeader].Count > 0;

    private static string? PrefixOf(string path) =>
        Array.Find(Prefixes, prefix => path.StartsWith(prefix, StringComparison.Ordinal) && (path.Length == prefix.Length || path[prefix.Length] == '/'));
}
