using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Writes an answer as OpenAI streams it: <c>chat.completion.chunk</c> objects, one an event, then <c>[DONE]</c>.</summary>
/// <param name="created">Unix seconds.</param>
/// <param name="includeUsage">True when the caller asked for the token counts: they come in a last chunk, and every other says null.</param>
internal sealed class ChatChunks(long created, bool includeUsage) : AnswerEvents
{
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ChatJson.Plain);
    private string _id = "";
    private string _model = "";

    protected override void WriteBegin(IBufferWriter<byte> output, string id, string model)
    {
        (_id, _model) = (id, model);
        OpenDelta(output);
        _writer.WriteString("role", "assistant");
        _writer.WriteString("content", "");
        CloseDelta(output, null);
    }

    public override void Say(IBufferWriter<byte> output, AnswerPart kind, JsonElement text)
    {
        if (text.IsEmptyText())
            return;
        OpenDelta(output);
        _writer.WritePropertyName(MemberOf(kind));
        text.WriteTo(_writer);
        CloseDelta(output, null);
    }

    public override void Say(IBufferWriter<byte> output, AnswerPart kind, string text)
    {
        if (text.Length == 0)
            return;
        OpenDelta(output);
        _writer.WriteString(MemberOf(kind), text);
        CloseDelta(output, null);
    }

    public override void Tool(IBufferWriter<byte> output, int index, string id, string name)
    {
        OpenTool(output, index);
        _writer.WriteString("id", id);
        _writer.WriteString("type", "function");
        _writer.WriteStartObject("function");
        _writer.WriteString("name", name);
        _writer.WriteString("arguments", "");
        CloseTool(output);
    }

    public override void Tool(IBufferWriter<byte> output, int index, JsonElement id, JsonElement name)
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

    public override void ToolArguments(IBufferWriter<byte> output, int index, JsonElement piece)
    {
        OpenTool(output, index);
        _writer.WriteStartObject("function");
        _writer.WritePropertyName("arguments");
        piece.WriteTo(_writer);
        CloseTool(output);
    }

    public override void ToolArguments(IBufferWriter<byte> output, int index, string piece)
    {
        OpenTool(output, index);
        _writer.WriteStartObject("function");
        _writer.WriteString("arguments", piece);
        CloseTool(output);
    }

    public override void Finish(IBufferWriter<byte> output, string reason)
    {
        OpenDelta(output);
        CloseDelta(output, reason);
    }

    public override void End(IBufferWriter<byte> output, ChatUsage? usage)
    {
        if (includeUsage && usage is { } known)
        {
            Open(output);
            _writer.WriteStartArray("choices");
            _writer.WriteEndArray();
            ChatForm.WriteUsage(_writer, known);
            Close(output);
        }

        output.Write("data: [DONE]\n\n"u8);
    }

    public override void Dispose() => _writer.Dispose();

    private static string MemberOf(AnswerPart kind) => kind switch
    {
        AnswerPart.Text => "content",
        AnswerPart.Refusal => "refusal",
        _ => "reasoning_content",
    };

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
