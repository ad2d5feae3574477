using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads parts that are not text: <c>image_url</c> with a data URI or an address, and <c>file</c> with its bytes.</summary>
internal static class ChatDataReader
{
    private const int MostMediaTypeBytes = 100;

    /// <summary>Null when it cannot be taken, which is noted.</summary>
    public static ChatBlock? Read(JsonElement part, string type, string at, ChatProblems problems)
    {
        at = $"{at}.{type}";
        if (part.Child(type) is not { ValueKind: JsonValueKind.Object } inner)
        {
            problems.Wrong(at, "an object");
            return null;
        }

        return type == "file" ? File(inner, at, problems) : ImageObject(inner, at, problems);
    }

    private static ChatBlock? ImageObject(JsonElement image, string at, ChatProblems problems)
    {
        foreach (var member in image.EnumerateObject())
        {
            if (member.Value.ValueKind is JsonValueKind.Null || member.NameEquals("url"u8))
                continue;
            if (member.Name is not ("detail" or "format" or "provider_specific_fields"))   // how closely to look is a hint; elsewhere the hub decides it
                problems.NoPlace($"{at}.{member.Name}");
        }

        if (problems.First is not null)
            return null;
        if (image.TextElement("url") is not { } url)
        {
            problems.Wrong(at + ".url", "a data URI or an https address");
            return null;
        }

        return Image(url, at + ".url", problems);
    }

    /// <param name="url">A data URI or an address.</param>
    public static ChatBlock? Image(JsonElement url, string at, ChatProblems problems)
    {
        if (StartsWith(url, "data:"u8))
            return Data(url, null, isImage: true, at, problems);
        if (StartsWith(url, "https://"u8))
            return new ChatImageLink(url, at);
        problems.Wrong(at, "a data URI (data:image/png;base64,…) or an https address");
        return null;
    }

    private static ChatData? File(JsonElement file, string at, ChatProblems problems)
    {
        foreach (var member in file.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.Null && member.Name is not ("file_data" or "filename"))
                problems.NoPlace($"{at}.{member.Name}", "Send the file's bytes in file_data");
        }

        if (problems.First is not null)
            return null;
        if (file.TextElement("file_data") is { } data && StartsWith(data, "data:"u8))
            return Data(data, file.TextElement("filename"), isImage: false, at + ".file_data", problems);
        problems.Wrong(at + ".file_data", "a data URI (data:application/pdf;base64,…)");
        return null;
    }

    public static ChatData? Data(JsonElement uri, JsonElement? name, bool isImage, string at, ChatProblems problems)
    {
        var text = Utf8(uri);
        var comma = text.Span[..Math.Min(text.Length, MostMediaTypeBytes)].IndexOf((byte)',');
        var head = comma < 0 ? default : text.Span["data:".Length..comma];
        if (comma < 0 || !head.EndsWith(";base64"u8) || head.Length == ";base64".Length || !Base64.IsValid(text.Span[(comma + 1)..]))
        {
            problems.Wrong(at, "a data URI in base64, such as data:image/png;base64,iVBORw0…");
            return null;
        }

        return new ChatData(MediaTypes.Named(Encoding.ASCII.GetString(head[..^";base64".Length])), text[(comma + 1)..], name, isImage, at);
    }

    /// <summary>The text's bytes; one copy, for what is long here is an image.</summary>
    private static ReadOnlyMemory<byte> Utf8(JsonElement text)
    {
        var raw = JsonMarshal.GetRawUtf8Value(text)[1..^1];
        return raw.Contains((byte)'\\') ? Encoding.UTF8.GetBytes(text.GetString()!) : raw.ToArray();
    }

    private static bool StartsWith(JsonElement text, ReadOnlySpan<byte> start) =>
        JsonMarshal.GetRawUtf8Value(text)[1..].StartsWith(start) || text.GetString()!.StartsWith(Encoding.ASCII.GetString(start), StringComparison.Ordinal);
}
