using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Anthropic;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Writes a chat query as Converse takes it.</summary>
internal static class ConverseRequest
{
    public static byte[] Write(ChatRequest request, ChatProblems problems)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            writer.WriteStartObject();
            if (request.System.Count > 0)
            {
                writer.WriteStartArray("system");
                foreach (var text in request.System)
                    ConverseBlocks.Write(writer, text, problems);
                writer.WriteEndArray();
            }

            writer.WriteStartArray("messages");
            foreach (var turn in request.Turns)
            {
                writer.WriteStartObject();
                writer.WriteString("role", turn.IsAssistant ? "assistant" : "user");
                writer.WriteStartArray("content");
                foreach (var block in turn.Blocks)
                    ConverseBlocks.Write(writer, block, problems);
                writer.WriteEndArray();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            WriteInference(writer, request, problems);
            WriteTools(writer, request, problems);
            WriteOutput(writer, request, problems);
            WriteMetadata(writer, request, problems);
            if (request.ServiceTier is { } tier and not "auto")
            {
                writer.WriteStartObject("serviceTier");
                writer.WriteString("type", tier);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        if (request.Turns.Count == 0)
            problems.Wrong("messages", "more than system messages: Bedrock wants at least one of the user");
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteInference(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        if (request is { MaxTokens: null, Temperature: null, TopP: null, Stop.Count: 0 })
            return;
        writer.WriteStartObject("inferenceConfig");
        if (request.MaxTokens is { } most)
            Write(writer, "maxTokens", most);
        if (request.Temperature is { } temperature)
        {
            if (temperature.GetDouble() > 1)
                problems.NoPlace("temperature", "It goes from 0 to 1 here");
            else
                Write(writer, "temperature", temperature);
        }

        if (request.TopP is { } topP)
            Write(writer, "topP", topP);
        if (request.Stop.Count > 0)
        {
            writer.WriteStartArray("stopSequences");
            foreach (var stop in request.Stop)
                stop.WriteTo(writer);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        if (request.Tools.Count == 0)
        {
            if (request.ToolChoice is { Kind: "required" or "function" })
                problems.Wrong("tool_choice", "left out where there are no tools");
            return;
        }

        if (request.ForbidsParallelTools)
            problems.NoPlace("parallel_tool_calls");
        if (request.ToolChoice?.Kind == "none")
        {
            // Converse has no "none". Without tools none can be called, but a conversation that called some must name them.
            if (!request.Turns.Any(turn => turn.Blocks.Any(block => block is ChatToolUse or ChatToolResult)))
                return;
            problems.NoPlace("tool_choice", "Once tools were called, it can be auto, required or one function");
        }

        writer.WriteStartObject("toolConfig");
        writer.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("toolSpec");
            Write(writer, "name", tool.Name);
            if (tool.Description is { } description)
                Write(writer, "description", description);
            writer.WriteStartObject("inputSchema");
            writer.WritePropertyName("json");
            tool.WriteSchema(writer);
            writer.WriteEndObject();
            if (tool.IsStrict)
                writer.WriteBoolean("strict", true);
            writer.WriteEndObject();
            writer.WriteEndObject();
            if (tool.Cache is not null)
                ConverseBlocks.WriteCachePoint(writer);
        }

        writer.WriteEndArray();
        if (request.ToolChoice is { Kind: not "none" } choice)
        {
            writer.WriteStartObject("toolChoice");
            writer.WriteStartObject(choice.Kind switch { "required" => "any", "function" => "tool", _ => "auto" });
            if (choice.Name is { } name)
                Write(writer, "name", name);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        var effort = ClaudeOutput.Effort(request, problems);
        if (request.Schema is null && effort is null)
            return;
        writer.WriteStartObject("outputConfig");
        if (request.Schema is { } schema)
        {
            writer.WriteStartObject("textFormat");
            writer.WriteString("type", "json_schema");
            writer.WriteStartObject("structure");
            writer.WriteStartObject("jsonSchema");
            writer.WriteString("schema", schema.Schema.GetRawText());
            if (schema.Name is { } name)
                Write(writer, "name", name);
            if (schema.Description is { } description)
                Write(writer, "description", description);
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        if (effort is not null)
            writer.WriteString("effort", effort);
        writer.WriteEndObject();
    }

    /// <summary>What OpenAI's interface keeps with a query, Bedrock keeps with its invocation log.</summary>
    private static void WriteMetadata(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        if (request.Metadata is null && request.User is null)
            return;
        writer.WriteStartObject("requestMetadata");
        if (request.Metadata is { } metadata)
        {
            foreach (var member in metadata.EnumerateObject())
                member.WriteTo(writer);
        }

        if (request.User is { } user)
        {
            if (request.Metadata.Child("user") is not null)
                problems.Wrong("user", "left out where \"metadata\" has a \"user\" too");
            else
                Write(writer, "user", user);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
