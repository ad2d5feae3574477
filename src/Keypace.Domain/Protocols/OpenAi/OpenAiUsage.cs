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
        var (prompt, completion) = (usage.Count("prompt_tokens") ?? 0, usage.Count("completion_tokens") ?? 0);
        var details = usage.Child("prompt_tokens_details");
        return new ChatUsage(
            prompt, completion, usage.Count("total_tokens") ?? prompt + completion,
            Math.Min(details.Count("cached_tokens") ?? 0, prompt), Math.Min(details.Count("cache_write_tokens") ?? 0, prompt),
            usage.Child("completion_tokens_details").Count("reasoning_tokens"));
    }

    /// <summary>One of OpenAI's words, whatever the hub says.</summary>
    public static string FinishReason(string? reason, bool hasTools) => reason switch
    {
        "length" or "max_tokens" or "model_length" => "length",
        "content_filter" => "content_filter",
        "tool_calls" or "function_call" => "tool_calls",
        _ => hasTools ? "tool_calls" : "stop",   // some hubs end a tool call with "stop"
    };
}
