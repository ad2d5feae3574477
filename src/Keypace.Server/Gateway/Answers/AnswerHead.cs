using System.Buffers;
using System.Globalization;
using Keypace.Domain.Access;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Gateway.Answers;

/// <summary>
/// Status and headers of a hub's answer. Only headers on the lists pass, for what a proxy in front of us obeys (<c>X-Accel-Redirect</c>), or a browser
/// (<c>Link</c>, <c>Service-Worker-Allowed</c>), nobody can list. What we say ourselves stands over whatever the hub says.
/// </summary>
internal static class AnswerHead
{
    public const string HubRequestIdHeader = "x-keypace-hub-request-id";

    private static readonly HeaderList FromEveryHub = new([
        "Content-Type", "Content-Language", "Content-Disposition", "Content-Range", "Content-MD5", "Content-Digest", "Repr-Digest", "Digest",
        "Accept-Ranges", "ETag", "Last-Modified", "Expires", "Age", "Allow", "Deprecation", "Sunset", "Preference-Applied",
        "Retry-After", "retry-after-ms", "x-should-retry", .. LimitHeaders, "x-ratelimit-*", "ratelimit", "ratelimit-*", "x-rate-limit-*",
        "x-tokenlimit-limit", "x-tokenlimit-remaining", "x-tokenlimit-reset", "fireworks-server-time-to-first-token",   // by name: they sound like a secret
        "traceparent", "tracestate", "x-trace-id", "x-correlation-id", "x-client-request-id", "request-id", "cf-ray",
        "openai-organization", "openai-processing-ms", "openai-version", "openai-project", "openai-model", "openai-*",
        "anthropic-organization-id", "anthropic-*", "x-stainless-*", "x-error-code", "x-error-message", "x-model", "x-inference-*",
    ]);

    /// <summary>What most hubs say of their limits: named, so that nobody looks for a secret in these names.</summary>
    private static IEnumerable<string> LimitHeaders =>
        from word in (string[])["limit", "remaining", "reset"]
        from of in (string[])["requests", "tokens", "input-tokens", "output-tokens"]
        from name in (string[])[$"x-ratelimit-{word}-{of}", $"anthropic-ratelimit-{of}-{word}"]
        select name;

    /// <summary>Addresses in headers: kept where they lead under the key's own, and said as this gateway's.</summary>
    private static readonly HeaderList Addresses = new("Location", "Content-Location", "Operation-Location", "x-goog-upload-url", "x-goog-upload-control-url");

    /// <summary>What a header can carry through any server and proxy.</summary>
    private static readonly SearchValues<char> Sayable = SearchValues.Create(string.Concat(Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code)) + '\t');

    public static void Write(HttpResponseMessage answer, HttpResponse response, Routed routed, SecretScrub? scrub)
    {
        response.StatusCode = (int)answer.StatusCode;
        var key = routed.Key;
        var connection = answer.Headers.NonValidated.TryGetValues("Connection", out var members) ? new ConnectionMembers(members.ToString()) : default;
        foreach (var (name, values) in answer.Headers.NonValidated)
        {
            if (connection.Names(name))
                continue;
            if (Passes(key, name, scrub))
                Put(response, name, values.ToString(), scrub);
            else if (name.Equals("x-request-id", StringComparison.OrdinalIgnoreCase))
                Put(response, HubRequestIdHeader, values.ToString(), scrub);
            else if (Addresses.Has(name) && HubTarget.ThroughGateway(key, routed.Target, values.ToString()) is { } address)
                Put(response, name, address, scrub);
        }

        foreach (var (name, values) in answer.Content.Headers.NonValidated)
        {
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                response.ContentLength = long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length) ? length : null;
            else if (!connection.Names(name) && Passes(key, name, scrub))
                Put(response, name, values.ToString(), scrub);
            else if (Addresses.Has(name) && HubTarget.ThroughGateway(key, routed.Target, values.ToString()) is { } address)
                Put(response, name, address, scrub);
        }

        WriteOwn(response.Headers);
    }

    /// <summary>What every answer of the gateway says, whoever wrote the rest: no page of a hub's is ever a page of ours, and nobody keeps it.</summary>
    public static void WriteOwn(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
    }

    /// <summary>A header whose name is on a list only by its beginning may have the secret in the rest of it.</summary>
    private static bool Passes(ServedKey key, string name, SecretScrub? scrub) =>
        FromEveryHub.HasByName(name) || key.Hub.PassesToCaller.HasByName(name)
        || (FromEveryHub.Has(name) || key.Hub.PassesToCaller.Has(name)) && !AccessTokenText.StandsIn(name) && scrub?.StandsInName(name) != true;

    private static void Put(HttpResponse response, string name, string value, SecretScrub? scrub)
    {
        if (value.AsSpan().ContainsAnyExcept(Sayable) || AccessTokenText.StandsIn(value))
            return;
        response.Headers[name] = scrub is null ? value : scrub.Text(value);
    }
}
