using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Bedrock;

/// <summary>Writes the parts of a Converse message.</summary>
internal static class ConverseBlocks
{
    /// <summary>Longest name of a document, in characters.</summary>
    private const int MostNameCharacters = 200;

    public static void Write(Utf8JsonWriter writer, ChatBlock block, ChatProblems problems)
    {
        if (!IsTaken(block, problems))
            return;
        writer.WriteStartObject();
        switch (block)
        {
            case ChatText text:
                Write(writer, "text", text.Text);
                break;
            case ChatData { IsImage: true } image:
                WriteData(writer, "image", image, ImageFormat(image.MediaType), null);
                break;
            case ChatData document:
                WriteData(writer, "document", document, DocumentFormat(document.MediaType), NameOf(document.Name));
                break;
            case ChatToolUse use:
                writer.WriteStartObject("toolUse");
                Write(writer, "toolUseId", use.Id);
                Write(writer, "name", use.Name);
                if (use.Input.ValueKind is JsonValueKind.Object)
                    Write(writer, "input", use.Input);
                writer.WriteEndObject();
                break;
            case ChatToolResult result:
                writer.WriteStartObject("toolResult");
                Write(writer, "toolUseId", result.ToolUseId);
                writer.WriteStartArray("content");
                foreach (var inner in result.Content)
                    Write(writer, inner, problems);
                writer.WriteEndArray();
                if (result.IsError)
                    writer.WriteString("status", "error");
                writer.WriteEndObject();
                break;
        }

        writer.WriteEndObject();
        if (block.Cache is not null)
            WriteCachePoint(writer);
    }

    /// <summary>Bedrock keeps what stands before it.</summary>
    public static void WriteCachePoint(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("cachePoint");
        writer.WriteString("type", "default");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static bool IsTaken(ChatBlock block, ChatProblems problems)
    {
        switch (block)
        {
            case ChatImageLink link:
                problems.NoPlace(link.At, "It fetches no addresses: send the image as a data URI");
                return false;
            case ChatData data when (data.IsImage ? ImageFormat(data.MediaType) : DocumentFormat(data.MediaType)) is null:
                problems.NoPlace(data.At, data.IsImage ? "It takes JPEG, PNG, GIF and WebP" : "It takes PDF, CSV, Word, Excel, HTML, Markdown and plain text");
                return false;
            default:
                return true;
        }
    }

    private static void WriteData(Utf8JsonWriter writer, string kind, ChatData data, string? format, string? name)
    {
        writer.WriteStartObject(kind);
        writer.WriteString("format", format);
        if (name is not null)
            writer.WriteString("name", name);
        writer.WriteStartObject("source");
        writer.WriteString("bytes", data.Base64.Span);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static string? ImageFormat(string mediaType) => mediaType switch
    {
        "image/jpeg" => "jpeg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        _ => null,
    };

    private static string? DocumentFormat(string mediaType) => mediaType switch
    {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        "text/html" => "html",
        "text/markdown" => "md",
        "text/plain" => "txt",
        _ => null,
    };

    /// <summary>Bedrock wants a name of letters, digits, single spaces, hyphens, parentheses and brackets; what a file's name has besides becomes hyphens.</summary>
    private static string NameOf(JsonElement? given)
    {
        var name = new StringBuilder();
        foreach (var character in given?.GetString() ?? "")
        {
            var fits = char.IsAsciiLetterOrDigit(character) || character is '-' or '(' or ')' or '[' or ']' || (character == ' ' && name.Length > 0 && name[^1] != ' ');
            name.Append(fits ? character : '-');
            if (name.Length == MostNameCharacters)
                break;
        }

        return name.Length == 0 ? "document" : name.ToString();
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        value.WriteTo(writer);
    }
}
