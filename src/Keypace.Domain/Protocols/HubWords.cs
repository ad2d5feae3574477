using System.Text;
using System.Text.Json;

namespace Keypace.Domain.Protocols;

/// <summary>What a hub says for itself in a refusal, whatever its language: the sentence in it that is meant for people.</summary>
public static class HubWords
{
    /// <summary>Longer words are cut, in characters.</summary>
    public const int MostCharacters = 300;

    // Where hubs put their sentence, the innermost first: OpenAI's and Google's error.message, AWS's Message, FastAPI's detail, and so on.
    private static readonly string[] Names = ["message", "Message", "detail", "title", "error_description", "error"];

    /// <summary>Null when it says nothing, or nothing but a page.</summary>
    /// <param name="body">As much of it as was read.</param>
    public static string? Of(ReadOnlyMemory<byte> body)
    {
        var start = body.Span.TrimStart(" \t\r\n"u8);
        if (start.IsEmpty || start[0] == (byte)'<')
            return null;
        var words = HubFault.Cleaned(Sentence(body, start) ?? "");
        return words.Length == 0 ? null : words.Length <= MostCharacters ? words : words[..MostCharacters] + "…";
    }

    private static string? Sentence(ReadOnlyMemory<byte> body, ReadOnlySpan<byte> start)
    {
        try
        {
            using var document = JsonMembers.TryParse(body);
            return document is null ? Encoding.UTF8.GetString(start[..Math.Min(start.Length, 4 * MostCharacters)]) : In(document.RootElement, 0);
        }
        catch (InvalidOperationException)
        {
            return null;   // half a surrogate pair
        }
    }

    private static string? In(JsonElement element, int depth)
    {
        if (element.ValueKind is JsonValueKind.String)
            return element.GetString();
        if (element.ValueKind is JsonValueKind.Array && depth < 4)
            return element.GetArrayLength() > 0 ? In(element[0], depth + 1) : null;
        if (element.ValueKind is not JsonValueKind.Object || depth >= 4)
            return null;
        if (element.TryGetProperty("error", out var error) && error.ValueKind is JsonValueKind.Object && In(error, depth + 1) is { } inner)
            return inner;
        foreach (var name in Names)
        {
            if (element.TryGetProperty(name, out var child) && In(child, depth + 1) is { Length: > 0 } words)
                return words;
        }

        return null;
    }
}
