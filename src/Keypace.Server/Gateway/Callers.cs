using System.Globalization;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway;

/// <summary>Step 1 of every request that carries a token, a query's or a management call's: who is asking.</summary>
internal sealed class Callers(KeySnapshots snapshots, SecretVault vault, TimeProvider time)
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

    public Outcome<ServedToken> Authenticate(HttpRequest request)
    {
        if (HasTokenInUrl(request))
            return InUrl;

        var text = TokenText(request.Headers);
        if (text.IsEmpty || !AccessTokenText.TryParse(text, out var kind, out var id) || kind is not TokenKind.Access)
            return Unknown;

        var known = snapshots.Current.Tokens.GetValueOrDefault(id);
        if (!vault.TokenMatches(text, known?.Digest) || known is null)   // takes the same time when the id is unknown
            return Unknown;
        if (known.Grant.RevokedAt is not null)
            return Revoked;
        return known.Grant.ExpiresAt <= time.GetUtcNow() ? Expired : known;
    }

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
        request.QueryString.HasValue && request.QueryString.Value!.Contains("kpa_", StringComparison.Ordinal)
        || request.Path.Value!.Contains("kpa_", StringComparison.Ordinal) && request.Path.Value.Length > AccessTokenText.Characters;
}

/// <summary>How a caller wants to be queued, from its headers.</summary>
/// <param name="Name">Names the caller within its token; empty when it gave no name.</param>
/// <param name="Patience">Longest wait for a turn.</param>
internal readonly record struct QueueWish(string Name, TimeSpan Patience)
{
    public const string CallerHeader = "x-keypace-caller";
    public const string MaxWaitHeader = "x-keypace-max-wait";
    private const int LongestName = 128;

    public static Outcome<QueueWish> Of(IHeaderDictionary headers, TimeSpan longestWait)
    {
        var name = headers[CallerHeader].ToString();
        if (name.Length > 0)
        {
            name = Uri.UnescapeDataString(name);
            if (name.Length > LongestName || name.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0)
            {
                return new Refusal(RefusalReason.Malformed, "bad_header",
                    $"The header {CallerHeader} names the caller in at most {LongestName} characters without control characters, percent-encoded where they are not ASCII.");
            }
        }

        var wait = headers[MaxWaitHeader].ToString();
        if (wait.Length == 0)
            return new QueueWish(name, longestWait);
        if (!double.TryParse(wait, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) || !double.IsFinite(seconds))
        {
            return new Refusal(RefusalReason.Malformed, "bad_header",
                $"The header {MaxWaitHeader} takes seconds as a number that is not negative, such as 30 or 2.5; 0 means now or not at all.");
        }

        return new QueueWish(name, TimeSpan.FromSeconds(Math.Min(seconds, longestWait.TotalSeconds)));
    }
}
