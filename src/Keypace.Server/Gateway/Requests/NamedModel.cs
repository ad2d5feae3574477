using System.Buffers;
using System.Text;
using System.Text.Json;
using Keypace.Domain;
using Keypace.Server.Gateway.Calls;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// The model that a passed-through query names, in its address or its body: what a hub refuses may be this model's alone.
/// </summary>
internal static class NamedModel
{
    private const int MostCharacters = 200;

    /// <summary>Path segments behind which hubs have a model's name.</summary>
    private static readonly string[] Before = ["/models/", "/model/", "/deployments/", "/engines/", "/endpoints/"];

    /// <summary>The same where the name has an owner before it: <c>/ai/run/@cf/meta/llama-3</c>.</summary>
    private static readonly string[] BeforeOwner = ["/models/", "/ai/run/", "/inference/"];

    /// <summary>Segments of a name at most.</summary>
    private const int MostSegments = 3;

    /// <summary>What is done with a model, behind its name.</summary>
    private static readonly HashSet<string> Actions = new(
        ["predictions", "versions", "infer", "generate", "generate_stream", "chat", "completions", "embeddings", "v1", "operations", "converse", "converse-stream", "invoke",
         "invoke-with-response-stream", "count-tokens", "pipeline", "ready", "stats", "config"], StringComparer.OrdinalIgnoreCase);

    private static readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> ActionsBySpan = Actions.GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly string[] Everywhere = [.. Before.Union(BeforeOwner)];

    /// <summary>So far into a body, and from its end, it is looked for before every query.</summary>
    private const int MostBytes = 16 * 1024;

    /// <summary>Null when it names none. Looks at the whole body.</summary>
    public static string? Of(Routed routed)
    {
        if (InPath(routed.Target.AbsolutePath) is { } named)
            return named;
        if (routed.Body is { } form && form.Original.Span.StartsWith("--"u8))
            return InForm(form.Original.Span, null);
        return routed.Body is { } body && BodyScan.Of(body.Original.Span).TryGet(out var scan, out _) && scan.Model is { Length: > 0 and <= MostCharacters } model ? model : null;
    }

    /// <summary>The same before the query is sent, at a cost that does not grow with its body: null where that does not tell.</summary>
    /// <param name="like">A name that it probably is, and that is given back then: no other copy is made.</param>
    public static string? AtOnce(Routed routed, string? like) =>
        InPath(routed.Target.AbsolutePath, like) ?? (routed.Body is { } body ? InBody(body.Original.Span, like) : null);

    private static string? InPath(string path, string? like = null)
    {
        foreach (var before in Everywhere)
        {
            var at = path.IndexOf(before, StringComparison.Ordinal);
            if (at < 0)
                continue;
            var hasOwner = Array.IndexOf(BeforeOwner, before) >= 0;
            var name = WithoutVerb(Segments(path.AsSpan(at + before.Length), hasOwner ? MostSegments : 1));
            if ((hasOwner && ActionsBySpan.Contains(Segments(name, 1))) || name is "openapi")
                continue;   // /models/chat/completions, /endpoints/openapi/…: the body names it
            if (like is not null && name.SequenceEqual(like))
                return like;
            if (name.Length is > 0 and <= MostCharacters)
                return Uri.UnescapeDataString(name.ToString()) is var plain && plain == like ? like : plain;
        }

        return null;
    }

    /// <summary>The first segment, and those behind it that are no action.</summary>
    private static ReadOnlySpan<char> Segments(ReadOnlySpan<char> path, int most)
    {
        var end = 0;
        for (var count = 0; count < most && end < path.Length; count++)
        {
            var from = count == 0 ? 0 : end + 1;
            var length = path[from..].IndexOf('/') is >= 0 and var slash ? slash : path.Length - from;
            if (count > 0 && (length == 0 || ActionsBySpan.Contains(path.Slice(from, length))))
                break;
            end = from + length;
        }

        return path[..end];
    }

    /// <summary>Google has its verb behind a colon, <c>gemini-2.5-pro:generateContent</c>; Amazon has a number there, <c>nova-pro-v1:0</c>, which belongs to the name.</summary>
    private static ReadOnlySpan<char> WithoutVerb(ReadOnlySpan<char> name) =>
        name.LastIndexOf(':') is > 0 and var colon && colon + 1 < name.Length && !name[(colon + 1)..].ContainsAnyExcept(Letters) ? name[..colon] : name;

    private static readonly SearchValues<char> Letters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>Of a form with files (audio, images): the SDKs have its fields before its file.</summary>
    private static string? InForm(ReadOnlySpan<byte> body, string? like)
    {
        body = body[..Math.Min(body.Length, MostBytes)];
        var at = body.IndexOf("name=\"model\"\r\n"u8);
        if (at < 0)
            return null;
        var part = body[at..];
        if (part.IndexOf("\r\n\r\n"u8) is not (>= 0 and var head))
            return null;
        part = part[(head + 4)..];
        if (part.IndexOf("\r\n"u8) is not (> 0 and <= MostCharacters and var length))
            return null;
        var model = Encoding.UTF8.GetString(part[..length]);
        return model == like ? like : model;
    }

    private static string? InBody(ReadOnlySpan<byte> body, string? like)
    {
        if (body.StartsWith("--"u8))
            return InForm(body, like);
        var head = body[..Math.Min(body.Length, MostBytes)];
        return FirstMember(head, head.Length == body.Length, like, out var isSure) is { } model ? model : isSure || head.Length == body.Length ? null : InTail(body, like);
    }

    /// <summary>
    /// Where long messages stand first, as the Python SDK writes them, the model is near the end. A piece of text from a <c>"model"</c> to the end that is whole as an
    /// object, once it has its first brace again, is a member of the outermost one: only that is closed by the last brace.
    /// </summary>
    private static string? InTail(ReadOnlySpan<byte> body, string? like)
    {
        const int mostLooks = 8;
        var tail = body[^Math.Min(body.Length, MostBytes)..];
        var buffer = ArrayPool<byte>.Shared.Rent(MostBytes + 1);
        try
        {
            var end = tail.Length;
            for (var look = 0; look < mostLooks && (end = tail[..end].LastIndexOf("\"model\""u8)) >= 0; look++)
            {
                buffer[0] = (byte)'{';
                tail[end..].CopyTo(buffer.AsSpan(1));
                var members = buffer.AsSpan(0, tail.Length - end + 1);
                if (IsOneObject(members))
                    return FirstMember(members, isWhole: true, like, out _);
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static bool IsOneObject(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = BodyScan.MaxDepth });
            return reader.Read() && reader.TrySkip() && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <param name="isSure">False when it may stand in what was not looked at.</param>
    private static string? FirstMember(ReadOnlySpan<byte> json, bool isWhole, string? like, out bool isSure)
    {
        isSure = false;
        try
        {
            var reader = new Utf8JsonReader(json, isWhole, new JsonReaderState(new JsonReaderOptions { MaxDepth = BodyScan.MaxDepth }));
            if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
            {
                var isModel = reader.ValueTextEquals("model"u8);
                if (!reader.Read())
                    return null;
                if (!isModel)
                {
                    if (!reader.TrySkip())
                        return null;
                    continue;
                }

                isSure = true;
                if (reader.TokenType is not JsonTokenType.String)
                    return null;
                return like is not null && reader.ValueTextEquals(like) ? like : reader.GetString() is { Length: > 0 and <= MostCharacters } model ? model : null;
            }
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            // No JSON, or text that is not UTF-8: the hub may say so.
        }

        return null;
    }
}
