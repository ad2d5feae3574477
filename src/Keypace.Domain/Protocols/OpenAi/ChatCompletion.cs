using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>A whole answer, collected and then written as OpenAI's <c>chat.completion</c>.</summary>
internal sealed class ChatCompletion(string id, string model, long created)
{
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _reasoning = new();
    private readonly List<(string Id, string Name, string Arguments)> _tools = [];

    public string? Refusal { get; set; }

    /// <summary>OpenAI's word.</summary>
    public string FinishReason { get; set; } = "stop";

    public ChatUsage? Usage { get; set; }

    public void Text(string text) => _content.Append(text);

    public void Reasoning(string text) => _reasoning.Append(text);

    public void Tool(string toolId, string name, string arguments) => _tools.Add((toolId, name, arguments));

    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>(_content.Length + 512);
        using (var writer = new Utf8JsonWriter(buffer, ChatJson.Plain))
        {
            writer.WriteStartObject();
            writer.WriteString("id", id);
            writer.WriteString("object", "chat.completion");
            writer.WriteNumber("created", created);
            writer.WriteString("model", model);
            writer.WriteStartArray("choices");
            writer.WriteStartObject();
            writer.WriteNumber("index", 0);
            WriteMessage(writer);
            writer.WriteNull("logprobs");
            writer.WriteString("finish_reason", FinishReason);
            writer.WriteEndObject();
            writer.WriteEndArray();
            Usage?.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private void WriteMessage(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        if (_content.Length == 0 && (_tools.Count > 0 || Refusal is not null))
            writer.WriteNull("content");
        else
            writer.WriteString("content", _content.ToString());
        writer.WriteString("refusal", Refusal);
        if (_reasoning.Length > 0)
            writer.WriteString("reasoning_content", _reasoning.ToString());
        if (_tools.Count > 0)
        {
            writer.WriteStartArray("tool_calls");
            foreach (var (toolId, name, arguments) in _tools)
            {
                writer.WriteStartObject();
                writer.WriteString("id", toolId);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", name);
                writer.WriteString("arguments", arguments);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
