using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>One item of a response's output: a message, a function call, or thoughts.</summary>
internal sealed class ResponseItem(string id)
{
    private readonly List<(AnswerPart Kind, StringBuilder Text)> _parts = [];

    public string Id => id;

    public bool IsReasoning { get; private init; }

    public string? CallId { get; private init; }

    public string? Name { get; private init; }

    /// <summary>A message's parts or a summary's one.</summary>
    public IReadOnlyList<(AnswerPart Kind, StringBuilder Text)> Parts => _parts;

    public StringBuilder Arguments { get; } = new();

    public static ResponseItem Message(string id) => new(id);

    public static ResponseItem Reasoning(string id) => new(id) { IsReasoning = true };

    public static ResponseItem Call(string id, string callId, string name) => new(id) { CallId = callId, Name = name };

    public static List<ResponseItem> Of(WholeAnswer answer, ResponsesForm form)
    {
        var items = new List<ResponseItem>();
        ResponseItem? message = null;
        foreach (var part in answer.Parts)
        {
            switch (part)
            {
                case WholeAnswer.ToolCall tool:
                    items.Add(Call(form.ItemId("fc", items.Count), tool.Id, tool.Name));
                    items[^1].Arguments.Append(tool.Arguments);
                    message = null;
                    break;
                case WholeAnswer.Said { Kind: AnswerPart.Reasoning } thought:
                    if (!form.ShowsThoughts)
                        break;
                    items.Add(Reasoning(form.ItemId("rs", items.Count)));
                    items[^1].Part(AnswerPart.Reasoning).Append(thought.Text);
                    message = null;
                    break;
                case WholeAnswer.Said said:
                    if (message is null)
                        items.Add(message = Message(form.ItemId("msg", items.Count)));
                    message.Part(said.Kind).Append(said.Text);
                    break;
            }
        }

        return items;
    }

    /// <summary>Begins another part.</summary>
    public StringBuilder Part(AnswerPart kind)
    {
        _parts.Add((kind, new StringBuilder()));
        return _parts[^1].Text;
    }

    /// <param name="isDone">False for an item that has just begun, and is shown empty.</param>
    public void WriteTo(Utf8JsonWriter writer, bool isDone, string status)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        if (Name is not null)
        {
            writer.WriteString("type", "function_call");
            writer.WriteString("status", status);
            writer.WriteString("call_id", CallId);
            writer.WriteString("name", Name);
            writer.WriteString("arguments", isDone ? Arguments.ToString() : "");
        }
        else if (IsReasoning)
        {
            writer.WriteString("type", "reasoning");
            writer.WriteStartArray("summary");
            WriteParts(writer, isDone);
            writer.WriteEndArray();
        }
        else
        {
            writer.WriteString("type", "message");
            writer.WriteString("status", status);
            writer.WriteString("role", "assistant");
            writer.WriteStartArray("content");
            WriteParts(writer, isDone);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    public static void WritePart(Utf8JsonWriter writer, AnswerPart kind, string text)
    {
        writer.WriteStartObject();
        switch (kind)
        {
            case AnswerPart.Reasoning:
                writer.WriteString("type", "summary_text");
                writer.WriteString("text", text);
                break;
            case AnswerPart.Refusal:
                writer.WriteString("type", "refusal");
                writer.WriteString("refusal", text);
                break;
            default:
                writer.WriteString("type", "output_text");
                writer.WriteString("text", text);
                writer.WriteStartArray("annotations");
                writer.WriteEndArray();
                writer.WriteStartArray("logprobs");
                writer.WriteEndArray();
                break;
        }

        writer.WriteEndObject();
    }

    private void WriteParts(Utf8JsonWriter writer, bool isDone)
    {
        foreach (var (kind, text) in _parts)
        {
            if (isDone)
                WritePart(writer, kind, text.ToString());
        }
    }
}
