using System.Buffers;
using System.Text.Json;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Writes an answer as OpenAI streams it: <c>chat.completion.chunk</c> objects, one an event, then <c>[DONE]</c>.</summary>
/// <param name="created">Unix seconds.</param>
/// <param name="includeUsage">True when the caller asked for the token counts: they come in a last chunk, and every other says null.</param>
internal sealed class ChatChunks(long created, bool includeUsage) : IDisposable
{
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ChatJson.Plain);
    private string _id = "";
    private string _model = "";

    public bool HasBegun { get; private set; }

    /// <summary>The first chunk: whose answer it is.</summary>
    public void Begin(IBufferWriter<byte> output, string id, string model)
    {
        (HasBegun, _id, _model) = (true, id, model);
        OpenDelta(output);
        _writer.WriteString("role", "assistant");
        _writer.WriteString("content", "");
        CloseDelta(output, null);
    }

    /// <param name="member"><c>content</c>, <c>refusal</c> or <c>reasoning_content</c>.</param>
    public void Text(IBufferWriter<byte> output, string member, JsonElement text)
    {
        if (text.IsEmptyText())
            return;
        OpenDelta(output);
        _writer.WritePropertyName(member);
        text.WriteTo(_writer);
        CloseDelta(output, null);
    }

    public void Text(IBufferWriter<byte> output, string member, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        OpenDelta(output);
        _writer.WriteString(member, text);
        CloseDelta(output, null);
    }

    /// <param name="index">Counts the answer's tool calls from 0.</param>
    public void Tool(IBufferWriter<byte> output, int index, JsonElement id, JsonElement name)
    {
        OpenTool(output, index);
        _writer.WritePropertyName("id");
        id.WriteTo(_writer);
        _writer.WriteString("type", "function");
        _writer.WriteStartObject("function");
        _writer.WritePropertyName("name");
        name.WriteTo(_writer);
        _writer.WriteString("arguments", "");
        CloseTool(output);
    }

    /// <summary>A piece of a tool call's arguments, as it came.</summary>
    public void ToolArguments(IBufferWriter<byte> output, int index, JsonElement piece)
    {
        OpenTool(output, index);
        _writer.WriteStartObject("function");
        _writer.WritePropertyName("arguments");
        piece.WriteTo(_writer);
        CloseTool(output);
    }

    public void ToolArguments(IBufferWriter<byte> output, int index, string all)
    {
        OpenTool(output, index);
        _writer.WriteStartObject("function");
        _writer.WriteString("arguments", all);
        CloseTool(output);
    }

    /// <param name="reason">OpenAI's word.</param>
    public void Finish(IBufferWriter<byte> output, string reason)
    {
        OpenDelta(output);
        CloseDelta(output, reason);
    }

    /// <summary>The token counts, if the caller wants them and they are known, and the end.</summary>
    public void End(IBufferWriter<byte> output, ChatUsage? usage)
    {
        if (includeUsage && usage is { } known)
        {
            Open(output);
            _writer.WriteStartArray("choices");
            _writer.WriteEndArray();
            known.WriteTo(_writer);
            Close(output);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    public void Dispose() => _writer.Dispose();

    private void OpenTool(IBufferWriter<byte> output, int index)
    {
        OpenDelta(output);
        _writer.WriteStartArray("tool_calls");
        _writer.WriteStartObject();
        _writer.WriteNumber("index", index);
    }

    private void CloseTool(IBufferWriter<byte> output)
    {
        _writer.WriteEndObject();   // function
        _writer.WriteEndObject();
        _writer.WriteEndArray();
        CloseDelta(output, null);
    }

    private void OpenDelta(IBufferWriter<byte> output)
    {
        Open(output);
        _writer.WriteStartArray("choices");
        _writer.WriteStartObject();
        _writer.WriteNumber("index", 0);
        _writer.WriteStartObject("delta");
    }

    private void CloseDelta(IBufferWriter<byte> output, string? finishReason)
    {
        _writer.WriteEndObject();
        _writer.WriteNull("logprobs");
        _writer.WriteString("finish_reason", finishReason);
        _writer.WriteEndObject();
        _writer.WriteEndArray();
        if (includeUsage)
            _writer.WriteNull("usage");
        Close(output);
    }

    private void Open(IBufferWriter<byte> output)
    {
        output.Write("data: "u8);
        _writer.Reset(output);
        _writer.WriteStartObject();
        _writer.WriteString("id", _id);
        _writer.WriteString("object", "chat.completion.chunk");
        _writer.WriteNumber("created", created);
        _writer.WriteString("model", _model);
    }

    private void Close(IBufferWriter<byte> output)
    {
        _writer.WriteEndObject();
        _writer.Flush();
        output.Write("\n\n"u8);
    }
}
