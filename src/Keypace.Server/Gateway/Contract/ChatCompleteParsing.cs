using System.Text.Json;
using Keypace.Domain;
using Keypace.Domain.Protocols;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Contract;

/// <summary>A contract query that was checked: nothing behind this needs checking again.</summary>
/// <param name="Messages">The conversation in OpenAI's form, system prompt and prompt included.</param>
/// <param name="Timeout">For the hub's answer once the query was sent; waiting for the turn is not counted.</param>
internal sealed record ContractQuery(
    string? Prompt,
    string ApiKey,
    string? Hub,
    string Model,
    string? Url,
    TimeSpan Timeout,
    int MaxRetries,
    double Temperature,
    double TopP,
    int? MaxCompletionTokens,
    int Generations,
    byte[] Messages)
{
    /// <summary>The contract's own values for what a caller leaves out.</summary>
    public const double UsualTemperature = 1;

    public const double UsualTopP = 0.99;
}

/// <summary>Reads the body of <c>POST /v1/chat_complete</c> and names every field that cannot be accepted.</summary>
internal static class ChatCompleteParsing
{
    private const int MostGenerations = 128;

    public static Outcome<ContractQuery> Parse(ReadOnlyMemory<byte> body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(WellFormedJson.Of(body), new JsonDocumentOptions { MaxDepth = BodyScan.MaxDepth });
        }
        catch (JsonException)
        {
            return new Refusal(RefusalReason.Invalid, "invalid_json", "The body is not JSON that can be read.",
                Fields: [new FieldRefusal(["body"], $"The body must be one JSON object, nested at most {BodyScan.MaxDepth} levels.", "json_invalid")]);
        }

        using (document)
        {
            var fields = new FieldReader(document.RootElement, ["body"]);
            var query = Read(fields);
            return fields.Problems.Count > 0
                ? new Refusal(RefusalReason.Invalid, "invalid", fields.Problems[0].Message, Fields: fields.Problems)
                : query;
        }
    }

    private static ContractQuery Read(FieldReader body)
    {
        var given = body.Object("completion_params");
        var prompt = body.Text("prompt");
        var role = body.Text("prompt_role") ?? "user";
        if (role is not ("user" or "assistant"))
            body.Refuse("prompt_role", "Use \"user\" or \"assistant\".", "literal_error");
        var messages = body.Element("messages");
        if (messages is { ValueKind: not JsonValueKind.Array })
            body.Refuse("messages", "This is a list of messages with role and content.", "list_type");
        if (prompt is null && messages is null)
            body.Refuse("prompt", "Give a prompt or messages.", "missing");

        return new ContractQuery(
            prompt,
            given.RequiredText("api_key"),
            given.Text("hub"),
            given.RequiredText("model"),
            given.Text("url") is { Length: > 0 } url ? url : null,
            TimeSpan.FromSeconds(given.Number("timeout", 1, 3600) ?? 90),
            (int)(given.Number("max_retries", 0, 20) ?? 5),
            given.Number("temperature", 0, 100) ?? ContractQuery.UsualTemperature,
            given.Number("top_p", 0, 1) ?? ContractQuery.UsualTopP,
            (int?)given.Number("max_completion_tokens", 1, int.MaxValue),
            (int)(given.Number("generations", 1, MostGenerations) ?? 1),
            Conversation(body.Text("system_prompt"), messages, prompt, role));
    }

    private static byte[] Conversation(string? system, JsonElement? messages, string? prompt, string role)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        if (system is { Length: > 0 })
            WriteMessage(writer, "system", system);
        if (messages is { ValueKind: JsonValueKind.Array } list)
        {
            foreach (var message in list.EnumerateArray())
                message.WriteTo(writer);
        }

        if (prompt is not null)
            WriteMessage(writer, role, prompt);
        writer.WriteEndArray();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteMessage(Utf8JsonWriter writer, string role, string content)
    {
        writer.WriteStartObject();
        writer.WriteString("role", role);
        writer.WriteString("content", content);
        writer.WriteEndObject();
    }
}
