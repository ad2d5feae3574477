namespace Keypace.Domain.Hubs;

/// <summary>How the credential gets into a request.</summary>
/// <param name="Header">Lower-case header name; <c>authorization</c> also where it is written by code.</param>
/// <param name="Scheme">Put before the secret, with its space: <c>"Bearer "</c>, or empty.</param>
/// <param name="ExtraHeaders">Fixed headers that go along unless the caller sent his own: <c>anthropic-version</c>. A value may have places for public fields; without the field the header is left out.</param>
public sealed record HubAuth(HubAuthKind Kind, string Header, string Scheme, IReadOnlyDictionary<string, string> ExtraHeaders)
{
    /// <summary>Google's own; what envelopes were bound to before the address could be another.</summary>
    public const string GoogleTokenUrl = "https://oauth2.googleapis.com/token";

    public static readonly HubAuth Bearer = new(HubAuthKind.Header, "authorization", "Bearer ", new Dictionary<string, string>());

    /// <summary>Where access tokens are fetched, with places for public fields in its path; null for kinds that fetch none.</summary>
    public string? TokenUrl { get; init; }

    /// <summary>What is asked for there; null for none.</summary>
    public string? Scope { get; init; }

    /// <summary>The field in which a key names its own header; null for none.</summary>
    public string? HeaderField { get; init; }

    /// <summary>The field in which a key names its own scheme; null for none.</summary>
    public string? SchemeField { get; init; }

    /// <summary>The field in which a key lists further headers; null for none.</summary>
    public string? ExtraHeadersField { get; init; }

    /// <summary>
    /// The word that an envelope is bound to: <c>header:authorization:bearer</c>, <c>header:x-api-key</c>, <c>aws-sigv4</c>, <c>google-oauth</c>.
    /// The address that access tokens come from belongs to it: a secret goes to no other.
    /// </summary>
    public string Injection => Kind switch
    {
        HubAuthKind.AwsSignature => "aws-sigv4",
        HubAuthKind.GoogleToken => TokenUrl is null or GoogleTokenUrl ? "google-oauth" : $"google-oauth:{TokenUrl}",
        HubAuthKind.GoogleServiceAccount => TokenUrl is null or GoogleTokenUrl ? "google-sa" : $"google-sa:{TokenUrl}",
        HubAuthKind.ClientCredentials => $"oauth-client:{TokenUrl}",
        _ => Scheme.Length == 0 ? $"header:{Header}" : $"header:{Header}:{Scheme.Trim().ToLowerInvariant()}",
    };

    /// <summary>The same with a key's own header and fields in it; itself where nothing depends on them.</summary>
    internal HubAuth For(IReadOnlyDictionary<string, string>? config)
    {
        var hasPlaces = FieldTemplate.HasPlaces(TokenUrl) || ExtraHeaders.Values.Any(FieldTemplate.HasPlaces);
        var own = Given(config, ExtraHeadersField);
        var header = Given(config, HeaderField)?.ToLowerInvariant();
        var scheme = Given(config, SchemeField);
        if (!hasPlaces && own is null && header is null && scheme is null)
            return this;

        var extra = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in ExtraHeaders)
        {
            if (FieldTemplate.FillText(value, config) is { } filled)
                extra[name] = filled;
        }

        if (own is not null)
        {
            foreach (var (name, value) in HeaderNames.ReadLines(own, header ?? Header).Headers)
                extra[name] = value;
        }

        return this with
        {
            Header = header ?? Header,
            Scheme = scheme is not null ? (scheme == "none" ? "" : scheme + " ") : header is not null && header != "authorization" ? "" : Scheme,
            ExtraHeaders = extra,
            TokenUrl = TokenUrl is null ? null : FieldTemplate.FillPath(TokenUrl, config) ?? TokenUrl,
        };
    }

    private static string? Given(IReadOnlyDictionary<string, string>? config, string? field) =>
        field is not null && config is not null && config.TryGetValue(field, out var text) && text.Length > 0 ? text : null;
}

public enum HubAuthKind
{
    /// <summary>The secret stands in a header.</summary>
    Header,

    /// <summary>Google: a client's secret and a refresh token are exchanged for access tokens.</summary>
    GoogleToken,

    /// <summary>Google: a service account signs for access tokens.</summary>
    GoogleServiceAccount,

    /// <summary>OAuth 2 client credentials: a client's id and secret are exchanged for access tokens (Microsoft Entra).</summary>
    ClientCredentials,

    /// <summary>AWS Signature 4; needs code.</summary>
    AwsSignature,
}
