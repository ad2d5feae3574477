using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>Reads a hub file's <c>auth</c>: how the credential is attached, and where access tokens come from.</summary>
internal static class HubAuthParser
{
    public static HubAuth Read(HubFileReader? auth, IReadOnlyList<HubField> fields)
    {
        if (auth is null)
            return HubAuth.Bearer;
        var kind = auth.Word("kind", HubAuthKind.Header,
            ("header", HubAuthKind.Header), ("google", HubAuthKind.GoogleToken), ("google_service_account", HubAuthKind.GoogleServiceAccount),
            ("client_credentials", HubAuthKind.ClientCredentials), ("aws", HubAuthKind.AwsSignature));
        var header = HeaderName(auth, "header") ?? "authorization";
        if (!HeaderNames.MaySet(header))
            auth.Wrong("header", $"must not be \"{header}\", which carries no credential. Use authorization, x-api-key or the hub's own header");
        var scheme = auth.Text("scheme", 40) ?? (header == "authorization" ? "Bearer " : "");
        if (scheme.Length > 0 && (!scheme.EndsWith(' ') || scheme.Trim().Length != scheme.Length - 1 || !scheme.Trim().All(char.IsAsciiLetterOrDigit)))
            auth.Wrong("scheme", "must be one word and a space, such as \"Bearer \", or empty");
        var extra = auth.Pairs("extra_headers");
        foreach (var (name, value) in extra)
        {
            if (!HeaderNames.MaySet(name) || name == header || name == "authorization")
                auth.Wrong("extra_headers", $"holds \"{name}\", which is not a lower-case header name that a hub file may set");
            if (!HeaderNames.IsValue(value))
                auth.Wrong("extra_headers", $"holds a value for \"{name}\" that is empty or not plain ASCII");
            else
                HubFieldNames.CheckPlaces(auth, "extra_headers", value, fields);
        }

        var read = new HubAuth(kind, header, scheme, extra)
        {
            TokenUrl = ReadTokenUrl(auth, fields),
            Scope = auth.Text("scope"),
            HeaderField = HubFieldNames.Public(auth, "header_field", fields),
            SchemeField = HubFieldNames.Public(auth, "scheme_field", fields),
            ExtraHeadersField = HubFieldNames.Public(auth, "extra_headers_field", fields),
        };
        auth.RefuseOthers();
        return read;
    }

    private static string? ReadTokenUrl(HubFileReader auth, IReadOnlyList<HubField> fields)
    {
        if (auth.Text("token_url") is not { } text)
            return null;
        HubFieldNames.CheckPlaces(auth, "token_url", text, fields);

        // A field may choose a path at the host, never the host.
        var filled = FieldTemplate.FillPath(text, fields.ToDictionary(field => field.Name, _ => "x"));
        var pathAt = text.IndexOf('/', Math.Min(text.Length, "https://".Length));
        if (filled is null || !Destination.Parse(filled).TryGet(out _, out _) || text.IndexOf('{', StringComparison.Ordinal) is >= 0 and var placeAt && placeAt < pathAt)
            auth.Wrong("token_url", "must be an absolute https address without a query; field names only in its path");
        return text;
    }

    /// <summary>A lower-case header name that a hub file may name, or null when it is absent.</summary>
    public static string? HeaderName(HubFileReader file, string member)
    {
        var name = file.Text(member, 100);
        if (name is not null && !HeaderNames.IsName(name))
            file.Wrong(member, $"is \"{name}\", but must be a header name in lower case, such as x-ratelimit-limit-requests");
        return name;
    }
}
