using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Auth;

/// <summary>Step 1 of every query and every management call: who is asking, by an access token, or by the session of our own pages.</summary>
internal sealed class Callers(KeySnapshots snapshots, SecretVault vault, Sessions sessions, BrowserCookie cookies, TimeProvider time)
{
    /// <summary>One answer for every token that does not work, so that nothing can be learnt by trying.</summary>
    private static readonly Refusal Unknown = new(RefusalReason.Unauthenticated, "unauthorized",
        "No valid access token came with the request. Send one as 'Authorization: Bearer kpa_…'; an administrator makes them with 'keypace tokens create'.");

    private static readonly Refusal Expired = new(RefusalReason.Unauthenticated, "token_expired",
        "This access token has expired. An administrator makes a new one with 'keypace tokens create' or extends it.");

    private static readonly Refusal Revoked = new(RefusalReason.Unauthenticated, "token_revoked",
        "This access token was revoked. An administrator makes a new one with 'keypace tokens create'.");

    private static readonly Refusal InUrl = new(RefusalReason.Malformed, "token_in_url",
        "An access token stands in the URL, where logs and proxies keep it. Send it in the header 'Authorization: Bearer …', and revoke this one.");

    private static readonly Refusal Both = new(RefusalReason.Malformed, "cookie_and_token",
        "The request has a session's cookie and an access token, so it is unclear who asks. Send one of them.");

    private static readonly Refusal SessionEnded = new(RefusalReason.Unauthenticated, "session_ended",
        "Your session has ended. Sign in again; what you typed is kept.");

    public Outcome<ServedToken> Authenticate(HttpRequest request)
    {
        if (HasTokenInUrl(request))
            return InUrl;

        var text = TokenText(request.Headers);
        if (cookies.Of(request) is { } cookie)
            return text.IsEmpty ? OfSession(request, cookie) : Both;
        if (text.IsEmpty || !AccessTokenText.TryParse(text, out var kind, out _) || kind is not TokenKind.Access)
            return Unknown;

        // By its digest: a token whose id is somebody's is not found in the same time as any other.
        if (!snapshots.Current.TokensByDigest.TryGetValue(vault.LookupDigestOf(text), out var known))
            return Unknown;
        if (known.Grant.RevokedAt is not null)
            return Revoked;
        return known.Grant.ExpiresAt <= time.GetUtcNow() ? Expired : known;
    }

    /// <summary>The same asker as it is now. What it showed is not asked for again.</summary>
    public Outcome<ServedToken> Again(KeySnapshot snapshot, ServedToken token)
    {
        if (token.Session is { } session)
            return sessions.Live(session.Id) is not null ? sessions.AskerOf(session) : SessionEnded;
        if (token.IsMember)
            return token;
        return snapshot.Tokens.GetValueOrDefault(token.Grant.Id) switch
        {
            null => Unknown,
            { Grant.RevokedAt: not null } => Revoked,
            { } known => known.Grant.ExpiresAt <= time.GetUtcNow() ? Expired : known,
        };
    }

    /// <summary>True when nothing about the asker has changed.</summary>
    public bool IsAsItWas(KeySnapshot snapshot, ServedToken token)
    {
        if (token.Session is { } session)
            return session.IsLive(time.GetUtcNow()) && sessions.AskerOf(session).Grant == token.Grant;
        return token.IsMember || ReferenceEquals(snapshot.Tokens.GetValueOrDefault(token.Grant.Id), token);
    }

    /// <summary>Why an asker whose time ended may not ask.</summary>
    public Refusal WhyEnded(ServedToken token) => Again(snapshots.Current, token).TryGet(out _, out var refusal) ? Revoked : refusal;

    private Outcome<ServedToken> OfSession(HttpRequest request, string cookie)
    {
        if (cookies.WhyForeign(request) is { } foreign)
            return foreign;
        return sessions.Find(cookie) is { } session
            ? sessions.AskerOf(session)
            : SessionEnded;
    }

    /// <summary>True for a request that brings an access token, good or not, in a header of any SDK.</summary>
    public static bool HasToken(HttpRequest request) => request.Headers.Authorization.Count > 0 || !TokenText(request.Headers).IsEmpty;

    /// <summary>The token as this SDK or that sends it. Exactly one header is looked at: the first that is there.</summary>
    private static ReadOnlySpan<char> TokenText(IHeaderDictionary headers)
    {
        var authorization = headers.Authorization.ToString();
        if (authorization.Length > 0)
        {
            return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
                ? authorization.AsSpan("Bearer ".Length).Trim()
                : default;
        }

        foreach (var name in (ReadOnlySpan<string>)["x-api-key", "api-key", "x-goog-api-key"])
        {
            if (headers.TryGetValue(name, out var value) && value.Count > 0)
                return value.ToString().AsSpan().Trim();
        }

        return default;
    }

    private static bool HasTokenInUrl(HttpRequest request) =>
        AccessTokenText.StandsIn(RequestTarget.Of(request.HttpContext))
        || request.QueryString.HasValue && request.QueryString.Value!.Contains("kpa_", StringComparison.Ordinal);
}
