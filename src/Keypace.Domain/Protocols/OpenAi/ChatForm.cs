using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Answers as OpenAI's <c>chat.completion</c>, whole or in chunks.</summary>
/// <param name="created">Unix seconds.</param>
/// <param name="includeUsage">True when the caller asked for the token counts of a stream.</param>
internal sealed class ChatForm(long created, bool includeUsage) : AnswerForm
{
    public override AnswerEvents Events() => new ChatChunks(created, includeUsage);

    public override byte[] Write(WholeAnswer answer)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("id", answer.Id);
            writer.WriteString("object", "chat.completion");
            writer.WriteNumber("created", created);
            writer.WriteString("model", answer.Model);
            writer.WriteStartArray("choices");
            writer.WriteStartObject();
            writer.WriteNumber("index", 0);
            WriteMessage(writer, answer);
            writer.WriteNull("logprobs");
            writer.WriteString("finish_reason", answer.FinishReason);
            writer.WriteEndObject();
            writer.WriteEndArray();
            if (answer.Usage is { } usage)
                WriteUsage(writer, usage);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    public static void WriteUsage(Utf8JsonWriter writer, in ChatUsage usage)
    {
        writer.WriteStartObject("usage");
        writer.WriteNumber("prompt_tokens", usage.Prompt);
        writer.WriteNumber("completion_tokens", usage.Completion);
        writer.WriteNumber("total_tokens", usage.Total);
        writer.WriteStartObject("prompt_tokens_details");
        writer.WriteNumber("cached_tokens", usage.CacheRead);
        writer.WriteNumber("cache_write_tokens", usage.CacheWritten);
        writer.WriteEndObject();
        if (usage.Reasoning is { } reasoning)
        {
            writer.WriteStartObject("completion_tokens_details");
            writer.WriteNumber("reasoning_tokens", reasoning);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter writer, WholeAnswer answer)
    {
        var (content, refusal, reasoning) = (answer.All(AnswerPart.Text), answer.All(AnswerPart.Refusal), answer.All(AnswerPart.Reasoning));
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        if (content.Length == 0 && (answer.HasTools || refusal.Length > 0))
            writer.WriteNull("content");
        else
            writer.WriteString("content", content);
        writer.WriteString("refusal", refusal.Length == 0 ? null : refusal);
        if (reasoning.Length > 0)
            writer.WriteString("reasoning_content", reasoning);
        if (answer.HasTools)
        {
            writer.WriteStartArray("tool_calls");
            foreach (var tool in answer.Parts.OfType<WholeAnswer.ToolCall>())
            {
                writer.WriteStartObject();
                writer.WriteString("id", tool.Id);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", tool.Name);
                writer.WriteString("arguments", tool.Arguments);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
