using System.Text.Json;

namespace Keypace.Domain.Protocols;

/// <summary>Reading members that may be absent, null or of another kind than promised: all of that is null.</summary>
internal static class JsonMembers
{
    private const double MostCount = 1e15;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    /// <summary>Null when it is not JSON. Its texts can be decoded (<see cref="WellFormedJson"/>). Dispose it.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonDocument.Parse(WellFormedJson.Of(json), Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static JsonElement? Child(this JsonElement parent, string name) =>
        parent.ValueKind is JsonValueKind.Object && parent.TryGetProperty(name, out var child) && child.ValueKind is not JsonValueKind.Null ? child : null;

    public static JsonElement? Child(this JsonElement? parent, string name) => parent?.Child(name);

    /// <summary>The member when it is a text.</summary>
    public static JsonElement? TextElement(this JsonElement parent, string name) =>
        parent.Child(name) is { ValueKind: JsonValueKind.String } text ? text : null;

    /// <summary>Null also for text that cannot be decoded.</summary>
    public static string? Text(this JsonElement parent, string name)
    {
        try
        {
            return parent.TextElement(name)?.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;   // half a surrogate pair, or bytes that are not UTF-8
        }
    }

    public static string? Text(this JsonElement? parent, string name) => parent?.Text(name);

    /// <summary>A count: not negative. Some hubs write it as <c>5.0</c>.</summary>
    public static long? Count(this JsonElement? parent, string name) =>
        parent.Child(name) is not { ValueKind: JsonValueKind.Number } number ? null
            : number.TryGetInt64(out var count) ? (count >= 0 ? count : null)
            : number.TryGetDouble(out var amount) && amount is >= 0 and < MostCount && double.IsInteger(amount) ? (long)amount : null;

    public static bool IsEmptyText(this JsonElement text) => text.ValueEquals(ReadOnlySpan<byte>.Empty);
}
