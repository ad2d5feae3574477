using System.Buffers;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Writes an answer as Anthropic streams it: <c>message_start</c>, blocks one behind the other, <c>message_delta</c>, <c>message_stop</c>.</summary>
internal sealed class MessageEvents(bool showsThoughts) : AnswerEvents
{
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ChatJson.Plain);
    private int _block = -1;
    private Open _open;
    private string _finish = "stop";

    private enum Open
    {
        None,
        Text,
        Thinking,
        Tool,
    }

    protected override void WriteBegin(IBufferWriter<byte> output, string id, string model)
    {
        Start(output, "message_start");
        _writer.WritePropertyName("message");
        MessagesForm.WriteHead(_writer, id, model);
        _writer.WriteStartArray("content");
        _writer.WriteEndArray();
        _writer.WriteNull("stop_reason");
        _writer.WriteNull("stop_sequence");
        MessagesForm.WriteUsage(_writer, null);   // what is known comes at the end
        _writer.WriteEndObject();
        Stop(output);
    }

    public override void Say(IBufferWriter<byte> output, AnswerPart kind, string text)
    {
        var isThought = kind is AnswerPart.Reasoning;
        if (text.Length == 0 || (isThought && !showsThoughts))
            return;
        OpenBlock(output, isThought ? Open.Thinking : Open.Text);
        Start(output, "content_block_delta");
        _writer.WriteNumber("index", _block);
        _writer.WriteStartObject("delta");
        _writer.WriteString("type", isThought ? "thinking_delta" : "text_delta");
        _writer.WriteString(isThought ? "thinking" : "text", text);
        _writer.WriteEndObject();
        Stop(output);
    }

    public override void Tool(IBufferWriter<byte> output, int index, string id, string name)
    {
        CloseBlock(output);
        _open = Open.Tool;
        StartBlock(output);
        _writer.WriteString("type", "tool_use");
        _writer.WriteString("id", id);
        _writer.WriteString("name", name);
        _writer.WriteStartObject("input");
        _writer.WriteEndObject();
        _writer.WriteEndObject();
        Stop(output);
    }

    public override void ToolArguments(IBufferWriter<byte> output, int index, string piece)
    {
        Start(output, "content_block_delta");
        _writer.WriteNumber("index", _block);
        _writer.WriteStartObject("delta");
        _writer.WriteString("type", "input_json_delta");
        _writer.WriteString("partial_json", piece);
        _writer.WriteEndObject();
        Stop(output);
    }

    public override void Finish(IBufferWriter<byte> output, string reason) => _finish = reason;

    public override void End(IBufferWriter<byte> output, ChatUsage? usage)
    {
        CloseBlock(output);
        Start(output, "message_delta");
        _writer.WriteStartObject("delta");
        _writer.WriteString("stop_reason", MessagesForm.StopReason(_finish));
        _writer.WriteNull("stop_sequence");
        _writer.WriteEndObject();
        MessagesForm.WriteUsage(_writer, usage);
        Stop(output);
        Start(output, "message_stop");
        Stop(output);
    }

    public override void Dispose() => _writer.Dispose();

    private void OpenBlock(IBufferWriter<byte> output, Open kind)
    {
        if (_open == kind)
            return;
        CloseBlock(output);
        _open = kind;
        StartBlock(output);
        if (kind is Open.Thinking)
        {
            _writer.WriteString("type", "thinking");
            _writer.WriteString("thinking", "");
            _writer.WriteString("signature", "");
        }
        else
        {
            _writer.WriteString("type", "text");
            _writer.WriteString("text", "");
        }

        _writer.WriteEndObject();
        Stop(output);
    }

    private void StartBlock(IBufferWriter<byte> output)
    {
        Start(output, "content_block_start");
        _writer.WriteNumber("index", ++_block);
        _writer.WriteStartObject("content_block");
    }

    private void CloseBlock(IBufferWriter<byte> output)
    {
        if (_open is Open.None)
            return;
        _open = Open.None;
        Start(output, "content_block_stop");
        _writer.WriteNumber("index", _block);
        Stop(output);
    }

    private void Start(IBufferWriter<byte> output, string type)
    {
        output.Write("event: "u8);
        output.Write(System.Text.Encoding.ASCII.GetBytes(type));
        output.Write("\ndata: "u8);
        _writer.Reset(output);
        _writer.WriteStartObject();
        _writer.WriteString("type", type);
    }

    private void Stop(IBufferWriter<byte> output)
    {
        _writer.WriteEndObject();
        _writer.Flush();
        output.Write("\n\n"u8);
    }
}
