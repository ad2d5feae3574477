using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Cli.Running;

/// <summary>What a hub's answer holds, and whether it is one: some say an error under a status 200.</summary>
internal static class AnswerBody
{
    // The member that an answer of each route must have, with a list in it.
    private static readonly Dictionary<string, string> s_lists = new(StringComparer.Ordinal)
    {
        ["/v1/chat/completions"] = "choices", ["/v1/completions"] = "choices", ["/v1/embeddings"] = "data", ["/v1/responses"] = "output",
    };

    /// <summary>Why it is no answer, as a clause; null when it is one.</summary>
    /// <param name="path">The route that was asked.</param>
    public static string? Fault(string path, JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Object && s_lists.TryGetValue(path, out var list)
            && body.TryGetProperty(list, out var member) && member.ValueKind == JsonValueKind.Array && (member.GetArrayLength() > 0 || !SaysError(body, out _)))
        {
            return null;
        }

        return !SaysError(body, out var error) ? "it holds no answer"
            : JsonText.Of(error) ?? JsonText.Of(error, "message") ?? "it says an error without a word";
    }

    private static bool SaysError(JsonElement body, out JsonElement error)
    {
        error = default;
        return body.ValueKind == JsonValueKind.Object && body.TryGetProperty("error", out error) && error.ValueKind != JsonValueKind.Null;
    }

    /// <summary>The first choice's text; null for answers that have none (embeddings, responses).</summary>
    public static string? Text(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("choices", out var choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
            return null;

        var first = choices[0];
        var said = first.ValueKind == JsonValueKind.Object && first.TryGetProperty("message", out var message) ? message : first;
        return said.ValueKind == JsonValueKind.Object && said.TryGetProperty("content", out var parts) && parts.ValueKind == JsonValueKind.Array
            ? string.Concat(parts.EnumerateArray().Select(part => JsonText.Of(part, "text")))
            : JsonText.Of(said, "content") ?? JsonText.Of(first, "text");
    }
}
