using System.Text;

namespace Keypace.Domain.Hubs;

/// <summary>Text of a hub file with places for a key's public fields, in single braces: <c>projects/{project_id}/locations/{region}</c>.</summary>
internal static class FieldTemplate
{
    /// <summary>The place for the query's model, which is known only when a query comes.</summary>
    public const string Model = "model";

    public static bool HasPlaces(string? text) => text is not null && text.Contains('{', StringComparison.Ordinal);

    /// <summary>The names between braces; null when braces do not match or a name is empty.</summary>
    public static IReadOnlyList<string>? Places(string text)
    {
        var names = new List<string>();
        for (var at = 0; ;)
        {
            var open = text.IndexOfAny(['{', '}'], at);
            if (open < 0)
                return names;
            var close = text.IndexOf('}', open);
            if (text[open] == '}' || close < open + 2 || text.IndexOf('{', open + 1, close - open - 1) >= 0)
                return null;
            names.Add(text[(open + 1)..close]);
            at = close + 1;
        }
    }

    /// <summary>Fills the places with percent-encoded values, so that a value stays one segment or one parameter. Null when a field has no value, or one that would lead out of the path; <c>{model}</c> stays.</summary>
    public static string? FillPath(string text, IReadOnlyDictionary<string, string>? config) => Fill(text, config, value => value is "." or ".." ? null : Uri.EscapeDataString(value));

    /// <summary>Fills the places with the values as they are. Null when a field has no value.</summary>
    public static string? FillText(string text, IReadOnlyDictionary<string, string>? config) => Fill(text, config, value => value);

    private static string? Fill(string text, IReadOnlyDictionary<string, string>? config, Func<string, string?> write)
    {
        if (!HasPlaces(text))
            return text;
        var filled = new StringBuilder();
        for (var at = 0; ;)
        {
            var open = text.IndexOf('{', at);
            if (open < 0)
                return filled.Append(text, at, text.Length - at).ToString();
            var close = text.IndexOf('}', open);
            var name = text[(open + 1)..close];
            filled.Append(text, at, open - at);
            if (name == Model)
                filled.Append("{model}");
            else if (config is not null && config.TryGetValue(name, out var value) && value.Length > 0 && write(value) is { } written)
                filled.Append(written);
            else
                return null;
            at = close + 1;
        }
    }
}
