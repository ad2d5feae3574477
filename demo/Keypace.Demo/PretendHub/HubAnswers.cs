using System.Text.Json;
using System.Text.Json.Nodes;

namespace Keypace.Demo;

/// <summary>Whole answers in the hubs' own shapes. The same question always gets the same bytes.</summary>
internal static class HubAnswers
{
    public const string Sentence = "The pretend hub says hello.";
    public const int PromptTokens = 11, CompletionTokens = 7;
    public static readonly string[] Models = ["pretend-large", "pretend-small", "maker/pretend-1"];
    private const long MadeAt = 1_767_225_600; // 2026-01-01, so that answers do not depend on the day

    public static JsonNode? For(string path, HubQuery query, string text) => path switch
    {
        "/v1/chat/completions" => Chat(query, text),
        "/v1/completions" => new JsonObject
        {
            ["id"] = "cmpl-pretend", ["object"] = "text_completion", ["created"] = MadeAt, ["model"] = query.Model,
            ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["text"] = text, ["finish_reason"] = "stop", ["logprobs"] = null }),
            ["usage"] = Usage(),
        },
        "/v1/embeddings" => new JsonObject
        {
            ["object"] = "list", ["model"] = query.Model,
            ["data"] = new JsonArray([.. Enumerable.Range(0, Math.Max(1, query.Inputs)).Select(index => Embedding(index, query.Base64))]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = PromptTokens, ["total_tokens"] = PromptTokens },
        },
        "/v1/responses" => Response(query, text, "completed"),
        "/v1/models" => new JsonObject { ["object"] = "list", ["data"] = new JsonArray([.. Models.Select(Model)]) },
        "/v1/messages" => new JsonObject
        {
            ["id"] = "msg_pretend", ["type"] = "message", ["role"] = "assistant", ["model"] = query.Model,
            ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
            ["stop_reason"] = "end_turn", ["stop_sequence"] = null,
            ["usage"] = new JsonObject { ["input_tokens"] = PromptTokens, ["output_tokens"] = CompletionTokens },
        },
        _ => null,
    };

    public static JsonObject Response(HubQuery query, string text, string status) => new()
    {
        ["id"] = "resp_pretend", ["object"] = "response", ["created_at"] = MadeAt, ["status"] = status, ["model"] = query.Model,
        ["output"] = new JsonArray(new JsonObject
        {
            ["id"] = "msg_pretend", ["type"] = "message", ["role"] = "assistant", ["status"] = status,
            ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() }),
        }),
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = PromptTokens, ["output_tokens"] = CompletionTokens, ["total_tokens"] = PromptTokens + CompletionTokens,
        },
    };

    public static JsonObject Usage() => new()
    {
        ["prompt_tokens"] = PromptTokens, ["completion_tokens"] = CompletionTokens, ["total_tokens"] = PromptTokens + CompletionTokens,
    };

    /// <summary>An error in OpenAI's shape.</summary>
    public static JsonObject Error(string message, string type, string? code) => new()
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code },
    };

    /// <summary>The request as it arrived, for the echo.</summary>
    public static string Echo(Arrival arrival) => new JsonObject
    {
        ["method"] = arrival.Method,
        ["target"] = arrival.Target,
        ["headers"] = JsonSerializer.SerializeToNode(arrival.Headers),
        ["body"] = System.Text.Encoding.UTF8.GetString(arrival.Body),
    }.ToJsonString();

    private static JsonObject Chat(HubQuery query, string text) => new()
    {
        ["id"] = "chatcmpl-pretend", ["object"] = "chat.completion", ["created"] = MadeAt, ["model"] = query.Model,
        ["choices"] = new JsonArray([.. Enumerable.Range(0, Math.Max(1, query.Generations)).Select(index => new JsonObject
        {
            ["index"] = index,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null },
            ["finish_reason"] = "stop",
            ["logprobs"] = null,
        })]),
        ["usage"] = Usage(),
    };

    private static JsonObject Embedding(int index, bool base64)
    {
        float[] vector = [0.25f, -0.5f, 0.125f, index];
        return new JsonObject
        {
            ["object"] = "embedding",
            ["index"] = index,
            ["embedding"] = base64
                ? Convert.ToBase64String(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(vector))
                : new JsonArray([.. vector.Select(number => JsonValue.Create(number))]),
        };
    }

    private static JsonObject Model(string id) => new()
    {
        ["id"] = id, ["object"] = "model", ["created"] = MadeAt, ["owned_by"] = "pretend",
    };
}
