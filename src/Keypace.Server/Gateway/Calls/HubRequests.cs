using System.Net.Http.Headers;
using Keypace.Domain.Access;
using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Microsoft.Extensions.Primitives;

namespace Keypace.Server.Gateway.Calls;

/// <summary>Builds the request that goes to the hub: the caller's, with exactly one credential and that one ours.</summary>
internal static class HubRequests
{
    public static HttpRequestMessage Build(Query query, Credential credential, WireAttempt attempt)
    {
        var routed = query.Routed!;
        var auth = routed.Key.Access.Auth;
        var request = new HttpRequestMessage(routed.Method, routed.Target)
        {
            Version = System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,   // the moment of sending can be proved on HTTP/1.1 only
        };
        if (routed.Body is { } body)
            request.Content = new HubContent(body, attempt);

        if (query.Headers is { } headers)
        {
            var rules = new HeadersToHub(routed.Key, headers, isBodyAsItCame: routed.Native is null && !routed.ChecksAnswer);
            foreach (var (name, values) in headers)
            {
                if (rules.Pass(name, values) && !(routed.Native is not null && name.Equals("Accept", StringComparison.OrdinalIgnoreCase)) && !name.Equals(auth.Header, StringComparison.OrdinalIgnoreCase)
                    && !Add(request.Headers, name, values) && request.Content is { } content)
                {
                    Add(content.Headers, name, values);
                }
            }

            if (routed.Native is null && headers.ContentType is { Count: > 0 } type && !AccessTokenText.StandsIn(type.ToString()))
                request.Content?.Headers.TryAddWithoutValidation("Content-Type", type.ToString());
        }

        if (query.Headers is null || routed.Native is not null)
            request.Content?.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (routed.Native is { } native)
            request.Headers.TryAddWithoutValidation("Accept", native.Accept);

        foreach (var (name, value) in auth.ExtraHeaders)
        {
            if (!request.Headers.Contains(name))
                request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        credential.Attach(request, auth, routed.Body);   // last: a signature covers everything else
        return request;
    }

    /// <summary>One value is the rule, and needs no enumerator.</summary>
    private static bool Add(HttpHeaders headers, string name, StringValues values) => values.Count == 1
        ? headers.TryAddWithoutValidation(name, values[0])
        : headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
}
