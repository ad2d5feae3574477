using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>Reads the body of <c>POST /v1/responses</c> for hubs that have no such route.</summary>
internal static class ResponsesRequestReader
{
    public static ChatRequest? Read(JsonElement body, ChatProblems problems)
    {
        if (Stored(body) is { } stored)
        {
            problems.Refuse(stored);
            return null;
        }

        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.Null && !IsKnown(member.Name, member.Value))
                problems.NoPlace(member.Name);
        }

        var input = new ResponsesInputReader(problems);
        if (body.Child("instructions") is { } instructions)
            input.ReadInstructions(instructions);
        input.Read(body.Child("input"));
        var request = new ChatRequest
        {
            Model = body.Child("model") is { ValueKind: JsonValueKind.String } model ? model : default,
            System = input.System,
            SystemAt = input.SystemAt,
            Turns = input.Turns,
            Tools = ResponsesToolsReader.Read(body.Child("tools"), problems),
            ToolChoice = ResponsesToolsReader.ReadChoice(body.Child("tool_choice"), problems),
            ForbidsParallelTools = body.Child("parallel_tool_calls") is { ValueKind: JsonValueKind.False },
            MaxTokens = Number(body, "max_output_tokens", problems, number => number.TryGetInt32(out var whole) && whole > 0, "a whole number above 0"),
            Temperature = Number(body, "temperature", problems, number => number.TryGetDouble(out var value) && value is >= 0 and <= 2, "a number from 0 to 2"),
            TopP = Number(body, "top_p", problems, number => number.TryGetDouble(out var value) && value is >= 0 and <= 1, "a number from 0 to 1"),
            Stream = body.Child("stream") is { ValueKind: JsonValueKind.True },
            IncludeUsage = true,
            Schema = Schema(body.Child("text").Child("format"), problems, out var wantsJson),
            WantsJson = wantsJson,
            Effort = Effort(body.Child("reasoning").Child("effort"), problems),
            User = (body.Child("safety_identifier") ?? body.Child("user")) is { ValueKind: JsonValueKind.String } user && !user.IsEmptyText() ? user : null,
            ServiceTier = body.Text("service_tier") is { } tier and not "auto" ? tier : null,
        };
        return problems.First is null ? request : null;
    }

    /// <summary>What only a hub that stores responses could answer.</summary>
    private static Refusal? Stored(JsonElement body)
    {
        foreach (var name in (ReadOnlySpan<string>)["previous_response_id", "conversation", "prompt"])
        {
            if (body.Child(name) is not null)
            {
                return Refusal.Field(name, $"\"{name}\" refers to what a hub has stored, and this key's hub stores no responses. Send the conversation itself in \"input\".", code: "nothing_stored")
                    with { Reason = RefusalReason.Malformed };
            }
        }

        return null;
    }

    private static bool IsKnown(string name, JsonElement value) => name switch
    {
        "model" or "input" or "instructions" or "tools" or "tool_choice" or "parallel_tool_calls" or "max_output_tokens" or "temperature" or "top_p"
            or "stream" or "text" or "reasoning" or "user" or "safety_identifier" or "service_tier" => true,
        // They change no answer: what is stored, how it is kept in a cache, labels that the response repeats, what stands beside the answer.
        "store" or "metadata" or "stream_options" or "prompt_cache_key" or "prompt_cache_retention" or "client_metadata" => true,
        "include" => value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(each => each.ValueKind is JsonValueKind.String && each.GetString() is not "message.output_text.logprobs"),
        "background" => value.ValueKind is JsonValueKind.False,
        "truncation" => value.ValueKind is JsonValueKind.String && value.ValueEquals("disabled"u8),
        "top_logprobs" => value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var count) && count == 0,
        _ => false,
    };

    private static JsonElement? Number(JsonElement body, string name, ChatProblems problems, Func<JsonElement, bool> isRight, string shouldBe)
    {
        if (body.Child(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.Number && isRight(value))
            return value;
        problems.Wrong(name, shouldBe);
        return null;
    }

    private static string? Effort(JsonElement? effort, ChatProblems problems)
    {
        if (effort is null)
            return null;
        if (effort is { ValueKind: JsonValueKind.String } text && text.GetString() is "none" or "minimal" or "low" or "medium" or "high" or "xhigh")
            return effort.Value.GetString();
        problems.Wrong("reasoning.effort", "none, minimal, low, medium, high or xhigh");
        return null;
    }

    private static ChatSchema? Schema(JsonElement? format, ChatProblems problems, out bool wantsJson)
    {
        wantsJson = format.Text("type") == "json_object";
        if (format is null || wantsJson || format.Text("type") == "text")
            return null;
        if (format.Text("type") == "json_schema" && format.Child("schema") is { ValueKind: JsonValueKind.Object } schema)
            return new ChatSchema(schema, format?.TextElement("name"), format?.TextElement("description"), format.Child("strict") is { ValueKind: JsonValueKind.True });
        problems.Wrong("text.format", "an object whose type is text, json_object, or json_schema with a schema");
        return null;
    }
}
