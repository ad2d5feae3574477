using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>OpenAI writes a tool call's arguments as JSON inside a text; other languages want the JSON.</summary>
internal static class ToolArguments
{
    /// <summary>Null when the text is no JSON object. Nothing is an object without members.</summary>
    public static JsonElement? Of(string? text)
    {
        try
        {
            using var document = JsonDocument.Parse(WellFormedJson.Of(Encoding.UTF8.GetBytes(string.IsNullOrWhiteSpace(text) ? "{}" : text)), ChatJson.Strict);
            return document.RootElement.ValueKind is JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
