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
    private static readonly string[] Before = ["/models/", "/model/", "/deployments/", "/engines/"];

    /// <summary>So far into a body it is looked for before every query; the SDKs have it among the first members.</summary>
    private const int MostBytes = 16 * 1024;

    /// <summary>Null when it names none. Looks at the whole body.</summary>
    public static string? Of(Routed routed)
    {
        if (InPath(routed.Target.AbsolutePath) is { } named)
            return named;
        return routed.Body is { } body && BodyScan.Of(body.Original.Span).TryGet(out var scan, out _) && scan.Model is { Length: > 0 and <= MostCharacters } model ? model : null;
    }

    /// <summary>The same before the query is sent, at a cost that does not grow with its body: null where that does not tell.</summary>
    /// <param name="like">A name that it probably is, and that is given back then: no other copy is made.</param>
    public static string? AtOnce(Routed routed, string? like) =>
        InPath(routed.Target.AbsolutePath, like) ?? (routed.Body is { } body ? InBody(body.Original.Span, like) : null);

    private static string? InPath(string path, string? like = null)
    {
        foreach (var before in Before)
        {
            var at = path.IndexOf(before, StringComparison.Ordinal);
            if (at < 0)
                continue;
            var name = path.AsSpan(at + before.Length);
            // Google has its verb behind a colon: models/gemini-2.5-pro:generateContent.
            name = name[..(name.IndexOfAny('/', ':') is >= 0 and var end ? end : name.Length)];
            if (like is not null && name.SequenceEqual(like))
                return like;
            if (name.Length is > 0 and <= MostCharacters)
                return Uri.UnescapeDataString(name.ToString());
        }

        return null;
    }

    private static string? InBody(ReadOnlySpan<byte> body, string? like)
    {
        try
        {
            var reader = new Utf8JsonReader(body[..Math.Min(body.Length, MostBytes)], isFinalBlock: body.Length <= MostBytes, new JsonReaderState(new JsonReaderOptions { MaxDepth = BodyScan.MaxDepth }));
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
