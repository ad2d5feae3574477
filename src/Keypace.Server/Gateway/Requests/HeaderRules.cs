using System.Collections.Frozen;

namespace Keypace.Server.Gateway.Requests;

/// <summary>Which headers cross the gateway. What is not named here passes unchanged.</summary>
internal static class HeaderRules
{
    /// <summary>
    /// Never sent on: the connection's own headers, everything that could be a credential (the hub gets exactly one, ours), cookies,
    /// where the caller came from, and what the stack sets itself.
    /// </summary>
    private static readonly FrozenSet<string> NotToHub = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "HTTP2-Settings", "Expect", "Host", "Content-Length", "Content-Type", "Accept-Encoding",
        "Authorization", "x-api-key", "api-key", "x-goog-api-key", "Cookie", "Cookie2", "Forwarded", "Via", "X-Forwarded-For",
        "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Real-IP", "Origin", "Referer",
        "X-Amz-Security-Token", "Ocp-Apim-Subscription-Key", "x-request-id", "If-None-Match", "If-Modified-Since", "Range",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Never passed back: the connection's own, cookies, what describes the hub's origin, and names that are ours to set.</summary>
    private static readonly FrozenSet<string> NotToCaller = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Set-Cookie", "Set-Cookie2", "Alt-Svc", "Strict-Transport-Security", "Content-Security-Policy", "Access-Control-Allow-Origin",
        "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers", "Clear-Site-Data", "WWW-Authenticate", "Server", "Date",
        "x-request-id", "NEL", "Report-To", "Location", "Refresh",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool MayReachHub(string name) =>
        !NotToHub.Contains(name) && !name.StartsWith("x-keypace-", StringComparison.OrdinalIgnoreCase);

    public static bool MayReachCaller(string name) =>
        !NotToCaller.Contains(name) && !name.StartsWith("x-keypace-", StringComparison.OrdinalIgnoreCase);
}
