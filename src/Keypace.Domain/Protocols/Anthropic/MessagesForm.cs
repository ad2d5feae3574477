using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Answers as Anthropic's <c>message</c>, whole or in events.</summary>
/// <param name="showsThoughts">True where the caller asked for thinking: others expect no such block.</param>
internal sealed class MessagesForm(bool showsThoughts) : AnswerForm
{
    public override AnswerEvents Events() => new MessageEvents(showsThoughts);

    public override byte[] Write(WholeAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            WriteHead(writer, answer.Id, answer.Model);
            writer.WriteStartArray("content");
            foreach (var part in answer.Parts)
                WritePart(writer, part);
            writer.WriteEndArray();
            writer.WriteString("stop_reason", StopReason(answer.FinishReason));
            writer.WriteNull("stop_sequence");
            WriteUsage(writer, answer.Usage);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void WriteHead(Utf8JsonWriter writer, string id, string model)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id.StartsWith("msg_", StringComparison.Ordinal) ? id : "msg_" + id);
        writer.WriteString("type", "message");
        writer.WriteString("role", "assistant");
        writer.WriteString("model", model);
    }

    /// <summary>Anthropic counts what a cache gave apart from the rest of the prompt.</summary>
    public static void WriteUsage(Utf8JsonWriter writer, ChatUsage? usage)
    {
        var known = usage ?? default;
        writer.WriteStartObject("usage");
        writer.WriteNumber("input_tokens", Math.Max(0, known.Prompt - known.CacheRead - known.CacheWritten));
        writer.WriteNumber("cache_creation_input_tokens", known.CacheWritten);
        writer.WriteNumber("cache_read_input_tokens", known.CacheRead);
        writer.WriteNumber("output_tokens", known.Completion);
        writer.WriteEndObject();
    }

    /// <param name="finishReason">OpenAI's word.</param>
    public static string StopReason(string finishReason) => finishReason switch
    {
        "length" => "max_tokens",
        "tool_calls" => "tool_use",
        "content_filter" => "refusal",
        _ => "end_turn",
    };

    private void WritePart(Utf8JsonWriter writer, WholeAnswer.Part part)
    {
        if (part is WholeAnswer.Said { Kind: AnswerPart.Reasoning } && !showsThoughts)
            return;
        writer.WriteStartObject();
        switch (part)
        {
            case WholeAnswer.Said { Kind: AnswerPart.Reasoning } thought:
                writer.WriteString("type", "thinking");
                writer.WriteString("thinking", thought.Text.ToString());
                writer.WriteString("signature", "");
                break;
            case WholeAnswer.Said said:
                writer.WriteString("type", "text");
                writer.WriteString("text", said.Text.ToString());
                break;
            case WholeAnswer.ToolCall tool:
                writer.WriteString("type", "tool_use");
                writer.WriteString("id", tool.Id);
                writer.WriteString("name", tool.Name);
                writer.WritePropertyName("input");
                WriteInput(writer, tool.Arguments);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>Arguments that are no JSON object, as a model may write them, are handed on under a name of their own.</summary>
    private static void WriteInput(Utf8JsonWriter writer, string arguments)
    {
        using var document = JsonMembers.TryParse(System.Text.Encoding.UTF8.GetBytes(arguments));
        if (document is { RootElement.ValueKind: JsonValueKind.Object })
        {
            document.RootElement.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        if (!string.IsNullOrWhiteSpace(arguments))
            writer.WriteString("arguments", arguments);
        writer.WriteEndObject();
    }
}
