using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Writes a chat query as <c>POST /v1/messages</c> takes it.</summary>
internal static class AnthropicRequest
{
    /// <summary>Anthropic wants a bound on the answer and OpenAI has none; every model that is offered can write this much, in tokens.</summary>
    public const int DefaultMaxTokens = 4096;

    public static byte[] Write(ChatRequest request, ChatProblems problems)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            writer.WriteStartObject();
            Write(writer, "model", request.Model);
            if (request.MaxTokens is { } most)
                Write(writer, "max_tokens", most);
            else
                writer.WriteNumber("max_tokens", DefaultMaxTokens);
            WriteSystem(writer, request.System);
            writer.WriteStartArray("messages");
            foreach (var turn in request.Turns)
                WriteTurn(writer, turn, problems);
            writer.WriteEndArray();
            WriteSampling(writer, request, problems);
            WriteTools(writer, request);
            WriteOutput(writer, request, problems);
            if (request.User is { } user)
            {
                writer.WriteStartObject("metadata");
                Write(writer, "user_id", user);
                writer.WriteEndObject();
            }

            if (request.Metadata is not null)
                problems.NoPlace("metadata");
            WriteTier(writer, request.ServiceTier, problems);
            if (request.Stream)
                writer.WriteBoolean("stream", true);
            writer.WriteEndObject();
        }

        if (request.Turns.Count == 0)
            problems.Wrong("messages", "more than system messages: Anthropic wants at least one of the user");
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteSystem(Utf8JsonWriter writer, IReadOnlyList<ChatText> texts)
    {
        if (texts is [{ Cache: null } only])
        {
            Write(writer, "system", only.Text);
        }
        else if (texts.Count > 0)
        {
            writer.WriteStartArray("system");
            foreach (var text in texts)
                WriteText(writer, text);
            writer.WriteEndArray();
        }
    }

    private static void WriteTurn(Utf8JsonWriter writer, ChatTurn turn, ChatProblems problems)
    {
        writer.WriteStartObject();
        writer.WriteString("role", turn.IsAssistant ? "assistant" : "user");
        if (turn.Blocks is [ChatText { Cache: null } only])
        {
            Write(writer, "content", only.Text);
        }
        else
        {
            writer.WriteStartArray("content");
            foreach (var block in turn.Blocks)
                WriteBlock(writer, block, problems);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteBlock(Utf8JsonWriter writer, ChatBlock block, ChatProblems problems)
    {
        switch (block)
        {
            case ChatText text:
                WriteText(writer, text);
                break;
            case ChatImageLink link:
                Open(writer, "image");
                writer.WriteStartObject("source");
                writer.WriteString("type", "url");
                Write(writer, "url", link.Url);
                writer.WriteEndObject();
                Close(writer, link.Cache);
                break;
            case ChatData data:
                WriteData(writer, data, problems);
                break;
            case ChatToolUse use:
                Open(writer, "tool_use");
                Write(writer, "id", use.Id);
                Write(writer, "name", use.Name);
                if (use.Input.ValueKind is JsonValueKind.Object)
                    Write(writer, "input", use.Input);
                Close(writer, use.Cache);
                break;
            case ChatToolResult result:
                Open(writer, "tool_result");
                Write(writer, "tool_use_id", result.ToolUseId);
                if (result.Content is [ChatText { Cache: null } only])
                {
                    Write(writer, "content", only.Text);
                }
                else
                {
                    writer.WriteStartArray("content");
                    foreach (var inner in result.Content)
                        WriteBlock(writer, inner, problems);
                    writer.WriteEndArray();
                }

                if (result.IsError)
                    writer.WriteBoolean("is_error", true);
                Close(writer, result.Cache);
                break;
        }
    }

    private static void WriteData(Utf8JsonWriter writer, ChatData data, ChatProblems problems)
    {
        if (data.IsImage ? data.MediaType is not ("image/jpeg" or "image/png" or "image/gif" or "image/webp") : data.MediaType is not "application/pdf")
        {
            problems.NoPlace(data.At, data.IsImage ? "It takes JPEG, PNG, GIF and WebP" : "It takes PDF");
            return;
        }

        Open(writer, data.IsImage ? "image" : "document");
        writer.WriteStartObject("source");
        writer.WriteString("type", "base64");
        writer.WriteString("media_type", data.MediaType);
        writer.WriteString("data", data.Base64.Span);
        writer.WriteEndObject();
        if (data.Name is { } name)
            Write(writer, "title", name);
        Close(writer, data.Cache);
    }

    private static void WriteSampling(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        if (request.Temperature is { } temperature)
        {
            if (temperature.GetDouble() > 1)
                problems.NoPlace("temperature", "It goes from 0 to 1 here");
            else
                Write(writer, "temperature", temperature);
        }

        if (request.TopP is { } topP)
            Write(writer, "top_p", topP);
        if (request.Stop.Count == 0)
            return;
        writer.WriteStartArray("stop_sequences");
        foreach (var stop in request.Stop)
            stop.WriteTo(writer);
        writer.WriteEndArray();
    }

    private static void WriteTools(Utf8JsonWriter writer, ChatRequest request)
    {
        if (request.Tools.Count > 0)
        {
            writer.WriteStartArray("tools");
            foreach (var tool in request.Tools)
            {
                writer.WriteStartObject();
                Write(writer, "name", tool.Name);
                if (tool.Description is { } description)
                    Write(writer, "description", description);
                if (tool.IsStrict)
                    writer.WriteBoolean("strict", true);
                writer.WritePropertyName("input_schema");
                tool.WriteSchema(writer);
                Close(writer, tool.Cache);
            }

            writer.WriteEndArray();
        }

        var forbidsParallel = request.ForbidsParallelTools && request.Tools.Count > 0 && request.ToolChoice?.Kind != "none";
        if (request.ToolChoice is null && !forbidsParallel)
            return;
        writer.WriteStartObject("tool_choice");
        writer.WriteString("type", request.ToolChoice?.Kind switch { "required" => "any", "function" => "tool", "none" => "none", _ => "auto" });
        if (request.ToolChoice?.Name is { } name)
            Write(writer, "name", name);
        if (forbidsParallel)
            writer.WriteBoolean("disable_parallel_tool_use", true);
        writer.WriteEndObject();
    }

    private static void WriteOutput(Utf8JsonWriter writer, ChatRequest request, ChatProblems problems)
    {
        var effort = ClaudeOutput.Effort(request, problems);
        if (request.Schema is null && effort is null)
            return;
        writer.WriteStartObject("output_config");
        if (request.Schema is { } schema)
        {
            // The name is a label that OpenAI's interface demands; a description says something to the model.
            if (schema.Description is not null)
                problems.NoPlace("response_format.json_schema.description", "Describe the answer in the prompt or inside the schema");
            writer.WriteStartObject("format");
            writer.WriteString("type", "json_schema");
            Write(writer, "schema", schema.Schema);
            writer.WriteEndObject();
        }

        if (effort is not null)
            writer.WriteString("effort", effort);
        writer.WriteEndObject();
    }

    private static void WriteTier(Utf8JsonWriter writer, string? tier, ChatProblems problems)
    {
        switch (tier)
        {
            case null:
                break;
            case "auto":
                writer.WriteString("service_tier", "auto");
                break;
            case "default":
                writer.WriteString("service_tier", "standard_only");
                break;
            default:
                problems.NoPlace("service_tier", "It can be auto or default here");
                break;
        }
    }

    private static void WriteText(Utf8JsonWriter writer, ChatText text)
    {
        Open(writer, "text");
        Write(writer, "text", text.Text);
        Close(writer, text.Cache);
    }

    private static void Close(Utf8JsonWriter writer, JsonElement? cache)
    {
        if (cache is { } control)
            Write(writer, "cache_control", control);
        writer.WriteEndObject();
    }

    private static void Open(Utf8JsonWriter writer, string type)
    {
        writer.WriteStartObject();
        writer.WriteString("type", type);
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
