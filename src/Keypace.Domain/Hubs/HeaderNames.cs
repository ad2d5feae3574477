using System.Buffers;

namespace Keypace.Domain.Hubs;

/// <summary>Which headers a hub file or a key may set.</summary>
public static class HeaderNames
{
    // RFC 9110 token characters, lower-case.
    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    // Framing, routing and what Keypace writes itself.
    private static readonly HashSet<string> Own = new(StringComparer.Ordinal)
    {
        "host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer", "expect", "cookie",
        "accept-encoding", "content-type", "proxy-authorization", "proxy-connection",
    };

    /// <summary>True for a header name in lower case.</summary>
    public static bool IsName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.Length is > 0 and <= 100 && !name.AsSpan().ContainsAnyExcept(Characters);
    }

    /// <summary>True for a header that can carry a credential or a fixed value.</summary>
    public static bool MaySet(string name) => IsName(name) && !Own.Contains(name) && !name.StartsWith("x-keypace-", StringComparison.Ordinal);

    /// <summary>True for what stands in a header as it is: printable ASCII, no space at the ends.</summary>
    public static bool IsValue(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Length > 0 && value[0] != ' ' && value[^1] != ' ' && value.All(character => character is >= ' ' and <= '~');
    }

    /// <summary>Headers as people write them, one in a line: <c>X-Team: red</c>.</summary>
    /// <param name="credential">The header of the credential, which is not to be set here.</param>
    /// <returns>The headers by lower-case name, or a sentence that says which line is wrong.</returns>
    public static (IReadOnlyDictionary<string, string> Headers, string? Why) ReadLines(string text, string credential)
    {
        ArgumentNullException.ThrowIfNull(text);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var each in text.Split('\n'))
        {
            number++;
            var line = each.Trim();
            if (line.Length == 0)
                continue;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? "" : line[..colon].Trim().ToLowerInvariant();
            var value = colon < 0 ? "" : line[(colon + 1)..].Trim();
            if (!MaySet(name))
                return (headers, $"has no header in line {number} that a key may set. Write one a line as Name: value; framing and cookies are Keypace's own.");
            if (name == credential || name is "authorization" or "x-api-key" or "api-key" or "x-goog-api-key")
                return (headers, $"sets {name} in line {number}, which is for the secret. Store the secret as the key's value.");
            if (!IsValue(value))
                return (headers, $"has a value in line {number} that is empty or not plain ASCII.");
            if (!headers.TryAdd(name, value))
                return (headers, $"sets {name} twice.");
        }

        return (headers, null);
    }
}
