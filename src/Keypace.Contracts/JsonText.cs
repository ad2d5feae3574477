using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Keypace.Contracts;

/// <summary>
/// Strings of JSON that somebody else wrote. They may hold half of a surrogate pair (RFC 8259, section 8.2: a text that was cut in the middle of an
/// emoji), or bytes that are no UTF-8; <see cref="JsonElement.GetString"/> throws at both, and one such string must not cost the rest.
/// </summary>
public static class JsonText
{
    /// <summary>The string's text, each half of a pair and each byte that is no UTF-8 as U+FFFD; null when the element is no string.</summary>
    public static string? Of(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
            return null;

        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element))[1..^1]);
        }
    }

    /// <summary>The text of a member; null when there is none or it is no string.</summary>
    public static string? Of(JsonElement holder, string member) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(member, out var found) ? Of(found) : null;

    /// <summary>
    /// Writes the element as it came, on one line: nothing is unescaped, so nothing is lost. Line breaks of JSON stand only between its tokens, where
    /// they mean nothing.
    /// </summary>
    public static void WriteAsItCame(Utf8JsonWriter writer, JsonElement element)
    {
        ArgumentNullException.ThrowIfNull(writer);
        var raw = JsonMarshal.GetRawUtf8Value(element);
        if (raw.IndexOfAny((byte)'\n', (byte)'\r') < 0)
        {
            writer.WriteRawValue(raw, skipInputValidation: true);
            return;
        }

        var line = new byte[raw.Length];
        var length = 0;
        foreach (var letter in raw)
        {
            if (letter is not ((byte)'\n' or (byte)'\r'))
                line[length++] = letter;
        }

        writer.WriteRawValue(line.AsSpan(0, length), skipInputValidation: true);
    }

    private static string Unescape(string text)
    {
        var whole = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\')
            {
                whole.Append(text[at]);
                continue;
            }

            at++;
            if (text[at] == 'u')
            {
                whole.Append((char)ushort.Parse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                at += 4;
            }
            else
            {
                whole.Append(text[at] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var plain => plain });
            }
        }

        for (var at = 0; at < whole.Length; at++)
        {
            if (char.IsHighSurrogate(whole[at]) && at + 1 < whole.Length && char.IsLowSurrogate(whole[at + 1]))
                at++;
            else if (char.IsSurrogate(whole[at]))
                whole[at] = '\uFFFD';
        }

        return whole.ToString();
    }
}
