using System.Collections.Frozen;
using Keypace.Domain.Hubs;

namespace Keypace.Server.Gateway.Requests;

/// <summary>The routes that carry queries to hubs.</summary>
/// <param name="PathAt">The route at a hub, under the key's destination; null where the hub has none.</param>
/// <param name="Prompt">Where an agent's system prompt goes in this route's body.</param>
internal sealed record GatewayRoute(string Name, Func<HubPaths, string?> PathAt, SystemPromptPlace Prompt)
{
    public static readonly GatewayRoute ChatCompletions = new("chat/completions", paths => paths.Chat, SystemPromptPlace.FirstMessage) { HasUsageOption = true };
    public static readonly GatewayRoute Passthrough = new("keys", _ => null, SystemPromptPlace.Nowhere);

    private static readonly FrozenDictionary<string, GatewayRoute> ByPath = new Dictionary<string, GatewayRoute>
    {
        ["/v1/chat/completions"] = ChatCompletions,
        ["/v1/completions"] = new("completions", paths => paths.Completions, SystemPromptPlace.BeforePrompt) { HasUsageOption = true },
        ["/v1/embeddings"] = new("embeddings", paths => paths.Embeddings, SystemPromptPlace.Nowhere),
        ["/v1/responses"] = new("responses", paths => paths.Responses, SystemPromptPlace.Instructions),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>True where <c>stream_options.include_usage</c> asks for token counts; the others count without being asked.</summary>
    public bool HasUsageOption { get; private init; }

    /// <summary>The route for a path, with or without a slash at its end; null when the path is not a query's.</summary>
    public static GatewayRoute? Of(string path)
    {
        if (ByPath.TryGetValue(path, out var route))
            return route;
        return path.Length > 1 && path[^1] == '/' && ByPath.TryGetValue(path[..^1], out route) ? route : null;
    }
}

internal enum SystemPromptPlace
{
    Nowhere,

    /// <summary>A message with the role <c>system</c> before the caller's own.</summary>
    FirstMessage,

    /// <summary>The Responses API's <c>instructions</c>, in front of the caller's.</summary>
    Instructions,

    /// <summary>In front of the text of a plain completion.</summary>
    BeforePrompt,
}
