using System.Collections.Frozen;
using Keypace.Domain.Hubs;
using Keypace.Domain.Protocols;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Requests;

/// <summary>The routes that carry queries to hubs.</summary>
/// <param name="PathAt">The route at a hub, under the key's destination; null where the hub has none.</param>
/// <param name="Prompt">Where an agent's system prompt goes in this route's body.</param>
internal sealed record GatewayRoute(string Name, Func<HubPaths, string?> PathAt, SystemPromptPlace Prompt)
{
    public static readonly GatewayRoute ChatCompletions = new("chat/completions", paths => paths.Chat, SystemPromptPlace.FirstMessage) { HasUsageOption = true, Language = CallerLanguages.Chat };
    public static readonly GatewayRoute Messages = new("messages", MessagesPath, SystemPromptPlace.System) { Language = CallerLanguages.Messages };
    public static readonly GatewayRoute CountTokens = new("messages/count_tokens", paths => MessagesPath(paths) + "/count_tokens", SystemPromptPlace.System) { Language = CallerLanguages.Messages };
    public static readonly GatewayRoute Passthrough = new("keys", _ => null, SystemPromptPlace.Nowhere);

    private static readonly FrozenDictionary<string, GatewayRoute> ByPath = new Dictionary<string, GatewayRoute>
    {
        ["/v1/chat/completions"] = ChatCompletions,
        ["/v1/completions"] = new("completions", paths => paths.Completions, SystemPromptPlace.BeforePrompt) { HasUsageOption = true },
        ["/v1/embeddings"] = new("embeddings", paths => paths.Embeddings, SystemPromptPlace.Nowhere),
        ["/v1/responses"] = new("responses", paths => paths.Responses, SystemPromptPlace.Instructions) { Language = CallerLanguages.Responses },
        ["/v1/messages"] = Messages,
        ["/v1/messages/count_tokens"] = CountTokens,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>True where <c>stream_options.include_usage</c> asks for token counts; the others count without being asked.</summary>
    public bool HasUsageOption { get; private init; }

    /// <summary>The language of its callers, where it can be translated; null where only a hub that has the route can answer.</summary>
    public CallerLanguage? Language { get; private init; }

    /// <summary>Whether the hub behind a key is asked in its own language: null where it has this route and its bytes pass as they are.</summary>
    public IChatProtocol? ProtocolAt(ServedKey key)
    {
        var access = key.Access;
        var hasResponses = access.Paths.Responses is not null && access.Protocol is HubProtocol.OpenAi && !key.Responses.IsNoted;
        return Language is null || (ReferenceEquals(Language, CallerLanguages.Responses) && hasResponses) ? null : ChatProtocols.Between(Language, access.Protocol);
    }

    /// <summary>True where nobody knows before it was asked whether the endpoint has this route: only at addresses that a key brings itself.</summary>
    public bool MayBeMissingAt(ServedKey key) => ReferenceEquals(Language, CallerLanguages.Responses) && key.Hub.Access.BaseUrl is null && key.Access.Paths.Chat is not null;

    /// <summary>A hub that speaks Anthropic's language has its messages where its chat is.</summary>
    private static string? MessagesPath(HubPaths paths) => paths.Chat;

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

    /// <summary>Anthropic's <c>system</c>, in front of the caller's.</summary>
    System,

    /// <summary>The Responses API's <c>instructions</c>, in front of the caller's.</summary>
    Instructions,

    /// <summary>In front of the text of a plain completion.</summary>
    BeforePrompt,
}
