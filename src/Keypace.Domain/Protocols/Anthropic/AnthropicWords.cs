using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Anthropic's stop reasons, token counts and errors in OpenAI's words.</summary>
internal static class AnthropicWords
{
    public static string FinishReason(string? stopReason) => stopReason switch
    {
        "max_tokens" or "model_context_window_exceeded" => "length",
        "tool_use" => "tool_calls",
        "refusal" => "content_filter",
        _ => "stop",   // end_turn, stop_sequence, pause_turn, and what may come after 1.14.0
    };

    /// <summary>An error object, from a body with a status or from the middle of a stream; null when it is none.</summary>
    /// <param name="status">The HTTP status; null in a stream, where the type tells.</param>
    public static HubFault? Fault(JsonElement? root, int? status)
    {
        var error = root.Child("error");
        if (error is not { ValueKind: JsonValueKind.Object })
            return null;
        var type = error.Text("type") ?? "api_error";
        var fitting = status is { } given and >= 400 ? given == 529 ? 503 : given : StatusOf(type);
        var code = error.Child("details").Text("error_code") ?? type;
        return new HubFault(fitting, HubFault.TypeOf(fitting), HubFault.Cleaned(code), HubFault.Cleaned(error.Text("message") ?? type));
    }

    public static ChatUsage? Usage(JsonElement? usage, ChatUsage? before = null)
    {
        if (usage is not { ValueKind: JsonValueKind.Object })
            return before;
        // A stream reports again what has grown; what it leaves out stands.
        var read = usage.Count("cache_read_input_tokens") ?? before?.CacheRead ?? 0;
        var written = usage.Count("cache_creation_input_tokens") ?? before?.CacheWritten ?? 0;
        var input = usage.Count("input_tokens") ?? (before is { } old ? old.Prompt - old.CacheRead - old.CacheWritten : 0);
        var output = usage.Count("output_tokens") ?? before?.Completion ?? 0;
        var prompt = input + read + written;
        return new ChatUsage(prompt, output, prompt + output, read, written,
            usage.Child("output_tokens_details").Count("thinking_tokens") ?? before?.Reasoning);
    }

    private static int StatusOf(string type) => type switch
    {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "rate_limit_error" => 429,
        "overloaded_error" => 503,
        "timeout_error" => 504,
        _ => 500,
    };
}
