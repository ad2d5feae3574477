using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Token counts and finish reasons as hubs of OpenAI's language give them.</summary>
internal static class OpenAiUsage
{
    public static ChatUsage? Of(JsonElement? usage)
    {
        if (usage is not { ValueKind: JsonValueKind.Object })
            return null;
        var (prompt, completion) = (Count(usage, "prompt_tokens") ?? 0, Count(usage, "completion_tokens") ?? 0);
        var details = usage.Child("prompt_tokens_details");
        return new ChatUsage(
            prompt, completion, Count(usage, "total_tokens") ?? prompt + completion,
            Math.Min(Count(details, "cached_tokens") ?? 0, prompt), Math.Min(Count(details, "cache_write_tokens") ?? 0, prompt),
            Count(usage.Child("completion_tokens_details"), "reasoning_tokens"));
    }

    /// <summary>One of OpenAI's words, whatever the hub says.</summary>
    public static string FinishReason(string? reason, bool hasTools) => reason switch
    {
        "length" or "max_tokens" or "model_length" => "length",
        "content_filter" => "content_filter",
        "tool_calls" or "function_call" => "tool_calls",
        _ => hasTools ? "tool_calls" : "stop",   // some hubs end a tool call with "stop"
    };

    /// <summary>Some hubs write counts as <c>5.0</c>.</summary>
    private static long? Count(JsonElement? parent, string name) =>
        parent.Count(name) ?? (parent.Child(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var count) && count is >= 0 and < 1e15 ? (long)count : null);
}
