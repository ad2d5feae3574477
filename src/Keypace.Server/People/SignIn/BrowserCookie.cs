using System.Globalization;
using Keypace.Domain;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.People.SignIn;

/// <summary>
/// The session's cookie and what a request with it must show, so that no other site can use it. One name an installation: two servers on one
/// machine do not sign each other out.
/// </summary>
/// <param name="publicUrl">The setting <c>PublicUrl</c>; null where it is not set.</param>
internal sealed class BrowserCookie(Store store, string? publicUrl)
{
    /// <summary>What our own pages' scripts send; no form and no other site can without asking first.</summary>
    public const string ScriptHeader = "X-Keypace";

    private static readonly Refusal _crossSite = new(
        RefusalReason.Forbidden,
        "cross_site",
        $"A request with a session's cookie must come from Keypace's own pages, with the header {ScriptHeader}: 1. Programs use an access token instead.");

    private static readonly Refusal _insecure = new(
        RefusalReason.Forbidden,
        "insecure_sign_in",
        "Over plain http, passwords and sessions could be read on the way. Sign in on the server's own machine (http://localhost), or put TLS in front and set KEYPACE_PUBLIC_URL to the https address.");

    // The end of the id, for it begins with a time.
    private readonly string _name = "kp_session_" + store.InstanceId.ToString("N")[^8..];
    private readonly string _knownBrowser = "kp_browser_" + store.InstanceId.ToString("N")[^8..];
    private readonly Uri? _publicUrl = publicUrl is null ? null : new Uri(publicUrl);

    /// <summary>The text of our own cookie; null when the request has none. Costs nothing where there is no cookie at all.</summary>
    public string? Of(HttpRequest request)
    {
        if (request.Headers.Cookie.Count == 0)
            return null;
        return request.Cookies.TryGetValue(IsSecure(request) ? "__Host-" + _name : _name, out var text) ? text : null;
    }

    /// <summary>
    /// Null for a request of our own pages' scripts. Reading is no exception: what answers may be a hub's page, and a page that a browser opens
    /// by itself would run as ours.
    /// </summary>
    public Refusal? WhyForeign(HttpRequest request) =>
        !IsForeign(request) && request.Headers[ScriptHeader].ToString() == "1" ? null : _crossSite;

    /// <summary>True for a request that a page of another site caused.</summary>
    public bool IsForeign(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0 && site is not ("same-origin" or "none"))
            return true;
        var origin = request.Headers.Origin.ToString();
        return origin.Length > 0 && !IsOwnOrigin(request, origin) && !(origin == "null" && site == "same-origin");
    }

    /// <summary>True when the request says that it comes from a page of ours. Browsers always say so when they open a WebSocket.</summary>
    public bool HasOwnOrigin(HttpRequest request) => IsOwnOrigin(request, request.Headers.Origin.ToString());

    /// <summary>Null where a password and a cookie may travel: over https, or inside this machine.</summary>
    public Refusal? WhyInsecure(HttpContext context) => IsSecure(context.Request) || IsInside(context) ? null : _insecure;

    /// <summary>The session's cookie first, then the one that tells the browser and stays when one signs out.</summary>
    public void SetEntry(HttpContext context, Entry entry)
    {
        Append(context, "__Host-" + _name, entry.Session, "/", Session.Longest);
        if (entry.Browser is { } browser)
            Append(context, "__Secure-" + _knownBrowser, browser, "/sign-in", KnownBrowsers.Lifetime);
    }

    public void Clear(HttpContext context) => Append(context, "__Host-" + _name, "", "/", TimeSpan.Zero);

    /// <summary>What the browser was given when it last signed in; null for nothing. Sent to the sign-in only.</summary>
    public string? KnownBrowserOf(HttpRequest request) =>
        request.Cookies.TryGetValue(IsSecure(request) ? "__Secure-" + _knownBrowser : _knownBrowser, out var text) ? text : null;

    /// <param name="name">With the prefix that it has over TLS.</param>
    private void Append(HttpContext context, string name, string text, string path, TimeSpan age)
    {
        var isSecure = IsSecure(context.Request);
        // By hand: the framework's own way would let a name with the prefix be sent without what the prefix demands.
        context.Response.Headers.Append("Set-Cookie", string.Create(
            CultureInfo.InvariantCulture,
            $"{(isSecure ? name : name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..])}={text}; Max-Age={age.TotalSeconds:0}; Path={path}; HttpOnly; SameSite=Strict{(isSecure ? "; Secure" : "")}"));
    }

    private bool IsOwnOrigin(HttpRequest request, string origin) =>
        string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
        || (_publicUrl is not null && string.Equals(origin, _publicUrl.GetLeftPart(UriPartial.Authority), StringComparison.OrdinalIgnoreCase));

    /// <summary>Behind a proxy that ends TLS, the address that people use says so, and the request came to that name.</summary>
    public bool IsSecure(HttpRequest request) =>
        request.IsHttps
        || (_publicUrl is { Scheme: "https" } && string.Equals(request.Host.Host, _publicUrl.Host, StringComparison.OrdinalIgnoreCase));

    private static bool IsInside(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && System.Net.IPAddress.IsLoopback(remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote)
        && (context.Request.Host.Host is "localhost" or "127.0.0.1" or "[::1]" || context.Request.Host.Host.StartsWith("127.", StringComparison.Ordinal));
}
