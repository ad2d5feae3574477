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

    // Headers by which clients give credentials, proxies are told what to do, and browsers what a page may; in lower case.
    private static readonly HashSet<string> NeverNamed = new(StringComparer.Ordinal)
    {
        "via", "link", "location", "refresh", "server", "date", "nel", "origin", "referer", "x-host", "x-cache", "sourcemap", "x-sourcemap", "max-forwards",
        "early-data", "x-request-id", "cache-control", "content-encoding", "alt-svc", "x-client-ip", "true-client-ip", "x-url-scheme", "forwarded",
    };

    private static readonly string[] NeverBegun =
    [
        "proxy-", "www-", "ocp-apim-", "x-forwarded", "x-real-", "x-original-", "x-rewrite-", "x-http-method", "x-method-", "x-accel-", "x-sendfile",
        "x-lighttpd-", "x-reproxy-", "x-internal-", "x-envoy-", "x-cluster-", "cf-connecting", "fastly-", "cdn-", "surrogate-", "x-varnish",
        "content-security-", "access-control-", "cross-origin-", "clear-site-", "service-worker", "strict-transport-", "permissions-policy", "referrer-policy",
        "x-frame-", "x-content-type", "x-xss-", "report", "sec-", "http2-", "x-amz-security", "x-ms-client-principal",
    ];

    private static readonly string[] SecretWords = ["key", "token", "secret", "auth", "passw", "cookie", "credential", "jwt", "assertion", "signature"];

    /// <summary>True for a header that a key or a hub file may let pass: never a credential, one of the connection's own, or a command to a proxy or a browser.</summary>
    /// <param name="name">In lower case; may end in <c>*</c> for every name that begins so, but not be much shorter than a name.</param>
    public static bool MayPass(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var isBeginning = name.EndsWith('*');
        var named = isBeginning ? name[..^1] : name;
        if (!MaySet(named) || named.Contains('*', StringComparison.Ordinal) || isBeginning && (named.Length < 4 || named is "x-" or "content-" or "http-"))
            return false;
        var one = named.Replace('_', '-');   // to a CGI they are the same
        return !SoundsSecret(one) && !NeverNamed.Contains(one)
            && !Array.Exists(NeverBegun, never => one.StartsWith(never, StringComparison.Ordinal) || isBeginning && never.StartsWith(one, StringComparison.Ordinal))
            && !(isBeginning && NeverNamed.Any(never => never.StartsWith(one, StringComparison.Ordinal)));
    }

    /// <summary>Why a header may not pass, in a sentence for whoever named it; null when it may.</summary>
    /// <param name="name">In lower case.</param>
    public static string? WhyNotPass(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return MayPass(name) ? null
            : !IsName(name.TrimEnd('*')) || name.TrimEnd('*').Contains('*', StringComparison.Ordinal) ? "This is no name of a header. Write it like x-team, or x-team-* for all that begin so (four characters or more)."
            : SoundsSecret(name.Replace('_', '-')) ? "A header that sounds like a credential never passes: the hub gets the stored secret and no other."
            : "This header is the connection's own, Keypace's own, or one that proxies and browsers obey. Such headers never pass.";
    }

    /// <summary>True for a name that a credential would have, in any case; a count of tokens (<c>x-ratelimit-remaining-tokens</c>) has none.</summary>
    public static bool SoundsSecret(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        foreach (var word in SecretWords)
        {
            var at = name.IndexOf(word, StringComparison.OrdinalIgnoreCase);
            if (at >= 0 && !(word is "token" && name.AsSpan(at + word.Length).StartsWith("s", StringComparison.OrdinalIgnoreCase)))
                return true;
        }

        return false;
    }

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
