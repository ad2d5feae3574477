using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Writes a query as <c>POST /chat/completions</c> takes it, in the words that all hubs of that language know.</summary>
internal static class ChatRequestWriter
{
    /// <summary>OpenAI takes no longer name for a user, in characters.</summary>
    private const int MostUserCharacters = 64;

    public static byte[] Write(ChatRequest request, ChatSetting setting, ChatProblems problems)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            writer.WriteStartObject();
            if (request.Model.ValueKind is JsonValueKind.String)
                Write(writer, "model", request.Model);
            writer.WriteStartArray("messages");
            ChatMessagesWriter.WriteSystem(writer, request.System);
            foreach (var turn in request.Turns)
                ChatMessagesWriter.WriteTurn(writer, turn);
            writer.WriteEndArray();
            WriteSettings(writer, request, setting);
            WriteTools(writer, request);
            WriteFormat(writer, request.Schema);
            if (request.WantsJson)
            {
                writer.WriteStartObject("response_format");
                writer.WriteString("type", "json_object");
                writer.WriteEndObject();
            }

            if (request.Stream)
                WriteStream(writer, setting.AsksForUsage);
            writer.WriteEndObject();
        }

        if (request.Turns.Count == 0 && request.System.Count == 0)
            problems.Wrong("messages", "at least one message");
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteSettings(Utf8JsonWriter writer, ChatRequest request, ChatSetting setting)
    {
        if (request.MaxTokens is { } most)
            Write(writer, setting.MostTokensMember, most);
        if (request.Temperature is { } temperature)
            Write(writer, "temperature", temperature);
        if (request.TopP is { } topP)
            Write(writer, "top_p", topP);
        if (request.Stop.Count > 0)
        {
            writer.WriteStartArray("stop");
            foreach (var stop in request.Stop)
                stop.WriteTo(writer);
            writer.WriteEndArray();
        }

        if (request.Effort is { } effort)
            writer.WriteString("reasoning_effort", effort);
        // For the hub's own watch over misuse: it changes no answer, and a longer one is refused.
        if (request.User is { } user && user.GetString()!.Length <= MostUserCharacters)
            Write(writer, "user", user);
        if (request.ServiceTier is { } tier and not "auto")
            writer.WriteString("service_tier", tier);
    }

    private static void WriteTools(Utf8JsonWriter writer, ChatRequest request)
    {
        if (request.Tools.Count == 0)
            return;
        writer.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            Write(writer, "name", tool.Name);
            if (tool.Description is { } description)
                Write(writer, "description", description);
            writer.WritePropertyName("parameters");
            tool.WriteSchema(writer);
            if (tool.IsStrict)
                writer.WriteBoolean("strict", true);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (request.ToolChoice is { Name: { } name })
        {
            writer.WriteStartObject("tool_choice");
            writer.WriteString("type", "function");
            writer.WriteStartObject("function");
            Write(writer, "name", name);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        else if (request.ToolChoice is { } choice)
        {
            writer.WriteString("tool_choice", choice.Kind);
        }

        if (request.ForbidsParallelTools)
            writer.WriteBoolean("parallel_tool_calls", false);
    }

    private static void WriteFormat(Utf8JsonWriter writer, ChatSchema? schema)
    {
        if (schema is null)
            return;
        writer.WriteStartObject("response_format");
        writer.WriteString("type", "json_schema");
        writer.WriteStartObject("json_schema");
        if (schema.Name is { } name)
            Write(writer, "name", name);
        else
            writer.WriteString("name", "answer");
        if (schema.Description is { } description)
            Write(writer, "description", description);
        Write(writer, "schema", schema.Schema);
        if (schema.IsStrict)
            writer.WriteBoolean("strict", true);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteStream(Utf8JsonWriter writer, bool asksForUsage)
    {
        writer.WriteBoolean("stream", true);
        if (!asksForUsage)
            return;
        writer.WriteStartObject("stream_options");
        writer.WriteBoolean("include_usage", true);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
