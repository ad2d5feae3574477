using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Keypace.Domain.Hubs.PlainJson;

/// <summary>
/// The request of an endpoint that speaks no OpenAI: any JSON, with places in its texts. A place within a text takes text
/// (<c>"Human: {{prompt}}"</c>); a text that is nothing but a place becomes the value itself (<c>"{{messages}}"</c> an array,
/// <c>"{{temperature}}"</c> a number). What is filled in is escaped as JSON, so no prompt can change the request's shape.
/// </summary>
public sealed class RequestTemplate
{
    /// <summary>The places there are: the last user message, the system messages' text, all messages, the model, and the caller's settings (null when he gave none).</summary>
    public static readonly IReadOnlyList<string> Places = ["prompt", "system", "messages", "model", "temperature", "top_p", "max_tokens", "stop"];

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly JsonElement _root;
    private readonly List<string> _names = [];

    private RequestTemplate(JsonElement root)
    {
        _root = root;
        _ = WhyNot(root, _names);
    }

    /// <exception cref="FormatException">It was never accepted by <see cref="WhyNot"/>.</exception>
    public static RequestTemplate Parse(string text)
    {
        if (WhyNot(text) is { } why)
            throw new FormatException(why);
        using var document = JsonDocument.Parse(text);
        return new RequestTemplate(document.RootElement.Clone());
    }

    /// <summary>Why this is no template, as the end of a sentence that begins with the field's label; null when it is one.</summary>
    public static string? WhyNot(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 32 });
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
                return "must be a JSON object, such as {\"question\": \"{{prompt}}\"}.";
            var names = new List<string>();
            if (WhyNot(document.RootElement, names) is { } why)
                return why;
            return names.Contains("prompt") || names.Contains("messages")
                ? null
                : "has no place for the question. Put {{prompt}} or {{messages}} where it belongs.";
        }
        catch (JsonException failure)
        {
            return $"is not valid JSON (line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}). Places stand in quotes: \"{{{{prompt}}}}\".";
        }
        catch (InvalidOperationException)
        {
            return "holds text that is not valid Unicode.";
        }
    }

    /// <summary>True when the template has this place.</summary>
    public bool Has(string place) => _names.Contains(place);

    /// <summary>The request for one query.</summary>
    /// <param name="valueOf">Writes the value of a place as JSON.</param>
    /// <param name="textOf">The value of a place as text.</param>
    public byte[] Fill(Action<Utf8JsonWriter, string> valueOf, Func<string, string> textOf)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Plain))
            Write(writer, _root, valueOf, textOf);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element, Action<Utf8JsonWriter, string> valueOf, Func<string, string> textOf)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, valueOf, textOf);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    Write(writer, item, valueOf, textOf);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                var text = element.GetString()!;
                if (WholePlace(text) is { } place)
                    valueOf(writer, place);
                else
                    writer.WriteStringValue(FillText(text, textOf));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static string FillText(string text, Func<string, string> textOf)
    {
        var filled = new System.Text.StringBuilder();
        for (var at = 0; ;)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            if (open < 0)
                return filled.Append(text, at, text.Length - at).ToString();
            var close = text.IndexOf("}}", open, StringComparison.Ordinal);
            filled.Append(text, at, open - at).Append(textOf(text[(open + 2)..close].Trim()));
            at = close + 2;
        }
    }

    private static string? WholePlace(string text) =>
        text.StartsWith("{{", StringComparison.Ordinal) && text.EndsWith("}}", StringComparison.Ordinal) && text.IndexOf("}}", StringComparison.Ordinal) == text.Length - 2
            ? text[2..^2].Trim()
            : null;

    private static string? WhyNot(JsonElement element, List<string> names) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Select(member => WhyNot(member.Value, names)).FirstOrDefault(why => why is not null),
        JsonValueKind.Array => element.EnumerateArray().Select(item => WhyNot(item, names)).FirstOrDefault(why => why is not null),
        JsonValueKind.String => WhyNotText(element.GetString()!, names),
        _ => null,
    };

    private static string? WhyNotText(string text, List<string> names)
    {
        for (var at = 0; ;)
        {
            var open = text.IndexOf("{{", at, StringComparison.Ordinal);
            if (open < 0)
                return null;
            var close = text.IndexOf("}}", open, StringComparison.Ordinal);
            var name = close < 0 ? "" : text[(open + 2)..close].Trim();
            if (!Places.Contains(name))
                return $"has a place that is not known{(name.Length is > 0 and < 40 ? $" ({name})" : "")}. Known are {string.Join(", ", Places)}, each as {{{{name}}}}.";
            names.Add(name);
            at = close + 2;
        }
    }
}
