using System.Buffers;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>Writes an answer as OpenAI streams a response: it is created, its items grow one behind the other, and at the end all of it is said once more.</summary>
internal sealed class ResponseEvents(ResponsesForm form) : AnswerEvents
{
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ChatJson.Plain);
    private readonly List<ResponseItem> _items = [];
    private ResponseItem? _open;
    private string _model = "";
    private string _finish = "stop";
    private int _number;

    protected override void WriteBegin(IBufferWriter<byte> output, string id, string model)
    {
        _model = model;
        WriteWhole(output, "response.created", "in_progress", null);
        WriteWhole(output, "response.in_progress", "in_progress", null);
    }

    public override void Say(IBufferWriter<byte> output, AnswerPart kind, string text)
    {
        if (text.Length == 0 || (kind is AnswerPart.Reasoning && !form.ShowsThoughts))
            return;
        OpenPart(output, kind);
        _open!.Parts[^1].Text.Append(text);
        StartInPart(output, $"response.{NameOf(kind)}.delta");
        _writer.WriteString("delta", text);
        WriteNoProbabilities(kind);
        Stop(output);
    }

    public override void Tool(IBufferWriter<byte> output, int index, string id, string name)
    {
        CloseItem(output);
        OpenItem(output, ResponseItem.Call(form.ItemId("fc", _items.Count), id, name));
    }

    public override void ToolArguments(IBufferWriter<byte> output, int index, string piece)
    {
        _open!.Arguments.Append(piece);
        StartInItem(output, "response.function_call_arguments.delta");
        _writer.WriteString("delta", piece);
        Stop(output);
    }

    public override void Finish(IBufferWriter<byte> output, string reason) => _finish = reason;

    public override void End(IBufferWriter<byte> output, ChatUsage? usage)
    {
        CloseItem(output);
        var status = ResponsesForm.StatusOf(_finish);
        WriteWhole(output, "response." + status, status, usage);
    }

    public override void Dispose() => _writer.Dispose();

    private static string NameOf(AnswerPart kind) => kind switch
    {
        AnswerPart.Reasoning => "reasoning_summary_text",
        AnswerPart.Refusal => "refusal",
        _ => "output_text",
    };

    private void OpenPart(IBufferWriter<byte> output, AnswerPart kind)
    {
        var isThought = kind is AnswerPart.Reasoning;
        if (_open is null || _open.Name is not null || _open.IsReasoning != isThought)
        {
            CloseItem(output);
            OpenItem(output, isThought ? ResponseItem.Reasoning(form.ItemId("rs", _items.Count)) : ResponseItem.Message(form.ItemId("msg", _items.Count)));
        }

        if (_open!.Parts.Count > 0 && _open.Parts[^1].Kind == kind)
            return;
        ClosePart(output);
        _open.Part(kind);
        StartInPart(output, isThought ? "response.reasoning_summary_part.added" : "response.content_part.added");
        _writer.WritePropertyName("part");
        ResponseItem.WritePart(_writer, kind, "");
        Stop(output);
    }

    private void ClosePart(IBufferWriter<byte> output)
    {
        if (_open!.Parts.Count == 0)
            return;
        var (kind, said) = _open.Parts[^1];
        StartInPart(output, $"response.{NameOf(kind)}.done");
        _writer.WriteString(kind is AnswerPart.Refusal ? "refusal" : "text", said.ToString());
        WriteNoProbabilities(kind);
        Stop(output);
        StartInPart(output, kind is AnswerPart.Reasoning ? "response.reasoning_summary_part.done" : "response.content_part.done");
        _writer.WritePropertyName("part");
        ResponseItem.WritePart(_writer, kind, said.ToString());
        Stop(output);
    }

    private void OpenItem(IBufferWriter<byte> output, ResponseItem item)
    {
        _items.Add(_open = item);
        WriteItem(output, "response.output_item.added", isDone: false);
    }

    private void CloseItem(IBufferWriter<byte> output)
    {
        if (_open is null)
            return;
        if (_open.Name is not null)
        {
            if (_open.Arguments.Length == 0)
                ToolArguments(output, 0, "{}");
            StartInItem(output, "response.function_call_arguments.done");
            _writer.WriteString("name", _open.Name);
            _writer.WriteString("arguments", _open.Arguments.ToString());
            Stop(output);
        }
        else
        {
            ClosePart(output);
        }

        WriteItem(output, "response.output_item.done", isDone: true);
        _open = null;
    }

    private void WriteItem(IBufferWriter<byte> output, string type, bool isDone)
    {
        Start(output, type);
        _writer.WriteNumber("output_index", _items.Count - 1);
        _writer.WritePropertyName("item");
        _open!.WriteTo(_writer, isDone, isDone ? "completed" : "in_progress");
        Stop(output);
    }

    private void WriteWhole(IBufferWriter<byte> output, string type, string status, ChatUsage? usage)
    {
        Start(output, type);
        _writer.WritePropertyName("response");
        form.WriteResponse(_writer, _model, status, _items, _finish, usage);
        Stop(output);
    }

    private void WriteNoProbabilities(AnswerPart kind)
    {
        if (kind is not AnswerPart.Text)
            return;
        _writer.WriteStartArray("logprobs");
        _writer.WriteEndArray();
    }

    private void StartInItem(IBufferWriter<byte> output, string type)
    {
        Start(output, type);
        _writer.WriteString("item_id", _open!.Id);
        _writer.WriteNumber("output_index", _items.Count - 1);
    }

    private void StartInPart(IBufferWriter<byte> output, string type)
    {
        StartInItem(output, type);
        _writer.WriteNumber(_open!.IsReasoning ? "summary_index" : "content_index", _open.Parts.Count - 1);
    }

    private void Start(IBufferWriter<byte> output, string type)
    {
        output.Write("event: "u8);
        output.Write(Encoding.ASCII.GetBytes(type));
        output.Write("\ndata: "u8);
        _writer.Reset(output);
        _writer.WriteStartObject();
        _writer.WriteString("type", type);
        _writer.WriteNumber("sequence_number", _number++);
    }

    private void Stop(IBufferWriter<byte> output)
    {
        _writer.WriteEndObject();
        _writer.Flush();
        output.Write("\n\n"u8);
    }
}
