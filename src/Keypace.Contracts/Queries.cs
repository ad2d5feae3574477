using System.Text.Json;

namespace Keypace.Contracts;

/// <summary>The contract's own query, <c>POST /v1/chat_complete</c>.</summary>
/// <param name="ApiKey">Name or id of a stored key, never a secret.</param>
public sealed record CompletionParams(
    string ApiKey,
    string? Hub,
    string Model,
    string? Url = null,
    double? Timeout = null,
    int? MaxRetries = null,
    double? Temperature = null,
    double? TopP = null,
    int? MaxCompletionTokens = null,
    int? Generations = null);

/// <summary>What <c>POST /v1/chat_complete</c> takes.</summary>
public sealed record ChatComplete(
    string? Prompt,
    CompletionParams CompletionParams,
    string? SystemPrompt = null,
    string? PromptRole = null,
    JsonElement? Messages = null);

/// <summary>What a query cost, in tokens.</summary>
public sealed record TokenCount(long CompletionTokens, long PromptTokens, long TotalTokens);

/// <summary>What <c>POST /v1/chat_complete</c> answers.</summary>
/// <param name="Response">One text a generation.</param>
public sealed record ChatCompleted(string? Prompt, IReadOnlyList<string> Response, TokenCount TokenCount);

/// <summary>One model that a caller may ask for, in OpenAI's shape.</summary>
public sealed record Model(string Id, string Object, long Created, string OwnedBy);

/// <summary>The models that a caller may ask for, in OpenAI's shape.</summary>
public sealed record ModelList(string Object, IReadOnlyList<Model> Data);
