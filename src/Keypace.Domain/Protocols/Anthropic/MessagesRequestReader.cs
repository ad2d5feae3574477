using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>
/// Reads the body of <c>POST /v1/messages</c> for hubs that speak something else. What carries a wish and has no place elsewhere is refused by name;
/// what only helps Anthropic's own service along (caching, labels, the room for thoughts) is left out.
/// </summary>
internal static class MessagesRequestReader
{
    public static ChatRequest? Read(JsonElement body, ChatProblems problems)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.Null && !IsKnown(member.Name, member.Value))
                problems.NoPlace(member.Name);
        }

        var messages = new MessagesTurnReader(problems);
        messages.ReadSystem(body.Child("system"));
        messages.Read(body.Child("messages"));
        var tools = MessagesToolsReader.Read(body.Child("tools"), problems);
        var choice = MessagesToolsReader.ReadChoice(body.Child("tool_choice"), problems, out var forbidsParallel);
        var request = new ChatRequest
        {
            Model = body.Child("model") is { ValueKind: JsonValueKind.String } model ? model : default,
            System = messages.System,
            SystemAt = messages.System.Count > 0 ? "system" : null,
            Turns = messages.Turns,
            Tools = tools,
            ToolChoice = choice,
            ForbidsParallelTools = forbidsParallel,
            MaxTokens = Number(body, "max_tokens", problems, isWhole: true),
            MustSayMaxTokens = true,
            Temperature = Number(body, "temperature", problems, isWhole: false),
            TopP = Number(body, "top_p", problems, isWhole: false),
            Stop = Stops(body.Child("stop_sequences"), problems),
            Stream = body.Child("stream") is { ValueKind: JsonValueKind.True },
            IncludeUsage = true,
            Schema = Schema(body, problems),
            Effort = Effort(body.Child("output_config"), problems),
            User = body.Child("metadata").Child("user_id") is { ValueKind: JsonValueKind.String } user && !user.IsEmptyText() ? user : null,
            ServiceTier = body.Text("service_tier") == "standard_only" ? "default" : null,
        };
        return problems.First is null ? request : null;
    }

    private static bool IsKnown(string name, JsonElement value) => name switch
    {
        "model" or "max_tokens" or "messages" or "system" or "stop_sequences" or "stream" or "temperature" or "top_p" or "tools" or "tool_choice"
            or "metadata" or "output_config" or "output_format" or "service_tier" => true,
        // Whether and how much to think is a permission, and how it is said differs from model to model: effort is the word that all understand.
        "thinking" => true,
        // Up to where a hub keeps what it has read, and what it may forget of its own thoughts.
        "cache_control" => true,
        "context_management" => value.Child("edits") is not { ValueKind: JsonValueKind.Array } edits
            || edits.EnumerateArray().All(edit => edit.Text("type")?.StartsWith("clear_thinking", StringComparison.Ordinal) == true),
        "inference_geo" or "container" or "mcp_servers" => value.ValueKind is JsonValueKind.Array && value.GetArrayLength() == 0,
        _ => false,
    };

    private static JsonElement? Number(JsonElement body, string name, ChatProblems problems, bool isWhole)
    {
        if (body.Child(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.Number && (isWhole ? value.TryGetInt32(out var whole) && whole > 0 : value.TryGetDouble(out var number) && number is >= 0 and <= 1))
            return value;
        problems.Wrong(name, isWhole ? "a whole number above 0" : "a number from 0 to 1");
        return null;
    }

    private static List<JsonElement> Stops(JsonElement? stops, ChatProblems problems)
    {
        if (stops is null)
            return [];
        if (stops is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(each => each.ValueKind is JsonValueKind.String))
            return [.. list.EnumerateArray()];
        problems.Wrong("stop_sequences", "a list of texts");
        return [];
    }

    private static string? Effort(JsonElement? config, ChatProblems problems)
    {
        if (config.Child("effort") is not { } effort)
            return null;
        switch (effort.ValueKind is JsonValueKind.String ? effort.GetString() : null)
        {
            case "low":
                return "low";
            case "medium":
                return "medium";
            case "high":
                return null;   // Anthropic's default, which Claude Code sends along: it wishes for nothing, and models that do not reason refuse the word
            case "xhigh" or "max":
                return "xhigh";
            default:
                problems.Wrong("output_config.effort", "low, medium, high, xhigh or max");
                return null;
        }
    }

    private static ChatSchema? Schema(JsonElement body, ChatProblems problems)
    {
        if ((body.Child("output_config").Child("format") ?? body.Child("output_format")) is not { } format)
            return null;
        if (format.Text("type") == "json_schema" && format.Child("schema") is { ValueKind: JsonValueKind.Object } schema)
            return new ChatSchema(schema, null, null, IsStrict: true);
        problems.Wrong("output_config.format", "an object with the type json_schema and a schema");
        return null;
    }
}
