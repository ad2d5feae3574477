using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Writes turns as OpenAI's messages: texts as plain texts wherever they can be, for not every hub takes lists of parts.</summary>
internal static class ChatMessagesWriter
{
    public static void WriteSystem(Utf8JsonWriter writer, IReadOnlyList<ChatText> texts)
    {
        if (texts.Count == 0)
            return;
        writer.WriteStartObject();
        writer.WriteString("role", "system");
        if (texts.Count == 1)
            Write(writer, "content", texts[0].Text);
        else
            writer.WriteString("content", string.Join("\n\n", texts.Select(text => text.Text.GetString())));
        writer.WriteEndObject();
    }

    public static void WriteTurn(Utf8JsonWriter writer, ChatTurn turn)
    {
        if (turn.IsAssistant)
        {
            WriteAssistant(writer, turn.Blocks);
            return;
        }

        // A tool's results come directly behind the calls; pictures among them have no place there, and follow with what the user says.
        var said = turn.Blocks.Where(block => block is not ChatToolResult).ToList();
        var pictures = new List<ChatBlock>();
        foreach (var result in turn.Blocks.OfType<ChatToolResult>())
        {
            WriteResult(writer, result);
            pictures.AddRange(result.Content.Where(block => block is not ChatText));
        }

        if (said.Count + pictures.Count > 0)
            WriteUser(writer, [.. pictures, .. said]);
    }

    private static void WriteAssistant(Utf8JsonWriter writer, List<ChatBlock> blocks)
    {
        var text = string.Concat(blocks.OfType<ChatText>().Select(block => block.Text.GetString()));
        writer.WriteStartObject();
        writer.WriteString("role", "assistant");
        if (text.Length == 0 && blocks.Count > 0)
            writer.WriteNull("content");
        else
            writer.WriteString("content", text);
        if (blocks.Any(block => block is ChatToolUse))
        {
            writer.WriteStartArray("tool_calls");
            foreach (var use in blocks.OfType<ChatToolUse>())
            {
                writer.WriteStartObject();
                Write(writer, "id", use.Id);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                Write(writer, "name", use.Name);
                writer.WriteString("arguments", use.Input.ValueKind is JsonValueKind.Object ? use.Input.GetRawText() : "{}");
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter writer, ChatToolResult result)
    {
        writer.WriteStartObject();
        writer.WriteString("role", "tool");
        Write(writer, "tool_call_id", result.ToolUseId);
        writer.WriteString("content", string.Join("\n", result.Content.OfType<ChatText>().Select(text => text.Text.GetString())));
        writer.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter writer, List<ChatBlock> blocks)
    {
        writer.WriteStartObject();
        writer.WriteString("role", "user");
        if (blocks is [ChatText only])
        {
            Write(writer, "content", only.Text);
        }
        else
        {
            writer.WriteStartArray("content");
            foreach (var block in blocks)
                WritePart(writer, block);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter writer, ChatBlock block)
    {
        writer.WriteStartObject();
        switch (block)
        {
            case ChatText text:
                writer.WriteString("type", "text");
                Write(writer, "text", text.Text);
                break;
            case ChatImageLink link:
                writer.WriteString("type", "image_url");
                writer.WriteStartObject("image_url");
                Write(writer, "url", link.Url);
                writer.WriteEndObject();
                break;
            case ChatData { IsImage: true } image:
                writer.WriteString("type", "image_url");
                writer.WriteStartObject("image_url");
                writer.WriteString("url", DataUri(image));
                writer.WriteEndObject();
                break;
            case ChatData file:
                writer.WriteString("type", "file");
                writer.WriteStartObject("file");
                if (file.Name is { } name)
                    Write(writer, "filename", name);
                else
                    writer.WriteString("filename", "document.pdf");
                writer.WriteString("file_data", DataUri(file));
                writer.WriteEndObject();
                break;
        }

        writer.WriteEndObject();
    }

    private static string DataUri(ChatData data) => $"data:{data.MediaType};base64,{Encoding.ASCII.GetString(data.Base64.Span)}";

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
