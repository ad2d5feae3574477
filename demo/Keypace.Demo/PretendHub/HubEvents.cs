using System.Text.Json.Nodes;

namespace Keypace.Demo;

/// <summary>Streamed answers, event by event, each as the exact text that goes on the wire.</summary>
internal static class HubEvents
{
    public static IEnumerable<string>? For(string path, HubQuery query, string text, int pieces) => path switch
    {
        "/v1/chat/completions" => Chat(query, text, pieces),
        "/v1/completions" => Completions(query, text, pieces),
        "/v1/responses" => Responses(query, text, pieces),
        "/v1/messages" => Messages(query, text, pieces),
        _ => null,
    };

    private static IEnumerable<string> Chat(HubQuery query, string text, int pieces)
    {
        JsonObject Chunk(JsonArray choices) => new()
        {
            ["id"] = "chatcmpl-pretend", ["object"] = "chat.completion.chunk", ["created"] = 1_767_225_600, ["model"] = query.Model,
            ["choices"] = choices,
        };
        JsonArray Choice(JsonObject delta, string? finish) =>
            new(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish });

        yield return Data(Chunk(Choice(new JsonObject { ["role"] = "assistant", ["content"] = "" }, null)));
        foreach (var piece in Pieces(text, pieces))
            yield return Data(Chunk(Choice(new JsonObject { ["content"] = piece }, null)));

        yield return Data(Chunk(Choice([], "stop")));
        if (query.WithUsage)
        {
            var last = Chunk([]);
            last["usage"] = HubAnswers.Usage();
            yield return Data(last);
        }

        yield return "data: [DONE]\n\n";
    }

    private static IEnumerable<string> Completions(HubQuery query, string text, int pieces)
    {
        foreach (var piece in Pieces(text, pieces))
        {
            yield return Data(new JsonObject
            {
                ["id"] = "cmpl-pretend", ["object"] = "text_completion", ["created"] = 1_767_225_600, ["model"] = query.Model,
                ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = piece, ["finish_reason"] = null }),
            });
        }

        yield return "data: [DONE]\n\n";
    }

    private static IEnumerable<string> Responses(HubQuery query, string text, int pieces)
    {
        var sequence = 0;
        string Event(string type, JsonObject fields)
        {
            fields["type"] = type;
            fields["sequence_number"] = sequence++;
            return $"event: {type}\n{Data(fields)}";
        }

        yield return Event("response.created", new() { ["response"] = HubAnswers.Response(query, "", "in_progress") });
        foreach (var piece in Pieces(text, pieces))
        {
            yield return Event("response.output_text.delta", new()
            {
                ["item_id"] = "msg_pretend", ["output_index"] = 0, ["content_index"] = 0, ["delta"] = piece,
            });
        }

        yield return Event("response.completed", new() { ["response"] = HubAnswers.Response(query, text, "completed") });
    }

    private static IEnumerable<string> Messages(HubQuery query, string text, int pieces)
    {
        static string Event(string type, JsonObject fields)
        {
            fields["type"] = type;
            return $"event: {type}\n{Data(fields)}";
        }

        yield return Event("message_start", new()
        {
            ["message"] = new JsonObject
            {
                ["id"] = "msg_pretend", ["type"] = "message", ["role"] = "assistant", ["model"] = query.Model, ["content"] = new JsonArray(),
                ["stop_reason"] = null,
                ["usage"] = new JsonObject { ["input_tokens"] = HubAnswers.PromptTokens, ["output_tokens"] = 1 },
            },
        });
        yield return Event("content_block_start", new()
        {
            ["index"] = 0, ["content_block"] = new JsonObject { ["type"] = "text", ["text"] = "" },
        });
        foreach (var piece in Pieces(text, pieces))
        {
            yield return Event("content_block_delta", new()
            {
                ["index"] = 0, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = piece },
            });
        }

        yield return Event("content_block_stop", new() { ["index"] = 0 });
        yield return Event("message_delta", new()
        {
            ["delta"] = new JsonObject { ["stop_reason"] = "end_turn", ["stop_sequence"] = null },
            ["usage"] = new JsonObject { ["output_tokens"] = HubAnswers.CompletionTokens },
        });
        yield return Event("message_stop", []);
    }

    private static IEnumerable<string> Pieces(string text, int pieces)
    {
        var count = Math.Clamp(pieces, 1, Math.Max(1, text.Length));
        for (var index = 0; index < count; index++)
            yield return text[(text.Length * index / count)..(text.Length * (index + 1) / count)];
    }

    private static string Data(JsonObject fields) => $"data: {fields.ToJsonString()}\n\n";
}
