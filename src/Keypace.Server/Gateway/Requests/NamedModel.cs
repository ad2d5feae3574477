using Keypace.Domain;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// The model that a passed-through query names, in its address or its body. Looked for only when the hub refused the query: then what it refused may be this
/// model's alone.
/// </summary>
internal static class NamedModel
{
    private const int MostCharacters = 200;

    /// <summary>Path segments behind which hubs have a model's name.</summary>
    private static readonly string[] Before = ["models", "model", "deployments", "engines"];

    /// <summary>Null when it names none.</summary>
    public static string? Of(Routed routed)
    {
        if (InPath(routed.Target.AbsolutePath) is { } named)
            return named;
        return routed.Body is { } body && BodyScan.Of(body.Original.Span).TryGet(out var scan, out _) && scan.Model is { Length: > 0 and <= MostCharacters } model ? model : null;
    }

    private static string? InPath(string path)
    {
        var segments = path.Split('/');
        for (var i = 0; i + 1 < segments.Length; i++)
        {
            if (Array.IndexOf(Before, segments[i]) < 0)
                continue;
            // Google has its verb behind a colon: models/gemini-2.5-pro:generateContent.
            var name = Uri.UnescapeDataString(segments[i + 1].Split(':')[0]);
            if (name.Length is > 0 and <= MostCharacters)
                return name;
        }

        return null;
    }
}
