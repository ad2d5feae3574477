using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Converse's stop reasons and token counts in OpenAI's words.</summary>
internal static class ConverseWords
{
    /// <summary>Null for a reason that means the model's answer is no answer.</summary>
    public static string? FinishReason(string? stopReason) => stopReason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "content_filtered" or "guardrail_intervened" => "content_filter",
        "malformed_model_output" or "malformed_tool_use" => null,
        _ => "stop",   // end_turn, stop_sequence, and what may come
    };

    public static HubFault Malformed(string stopReason) =>
        new(502, "api_error", stopReason, "The model's answer, or its tool call, was malformed. Send the query again.");

    public static ChatUsage? Usage(JsonElement? usage)
    {
        if (usage is not { ValueKind: JsonValueKind.Object })
            return null;
        var read = usage.Count("cacheReadInputTokens") ?? 0;
        var written = usage.Count("cacheWriteInputTokens") ?? 0;
        var prompt = (usage.Count("inputTokens") ?? 0) + read + written;
        var output = usage.Count("outputTokens") ?? 0;
        return new ChatUsage(prompt, output, prompt + output, read, written, null);
    }
}
