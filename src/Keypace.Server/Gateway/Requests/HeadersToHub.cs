using Keypace.Domain.Access;
using Keypace.Domain.Hubs;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Keypace.Server.Gateway.Requests;

/// <summary>
/// Which of a caller's headers go on to the hub: those on the lists, and of them none that the caller's connection names as its own, and none with an
/// access token of ours in it. Credentials, cookies, where the caller came from and what proxies obey are on no list.
/// </summary>
internal readonly struct HeadersToHub
{
    /// <summary>HTTP's own, what follows a query through systems, and what the SDKs that most hubs share send. A hub's file adds its own.</summary>
    private static readonly HeaderList ToEveryHub = new(
        "Accept", "Accept-Language", "User-Agent", "Prefer", "Priority", "Pragma", "Content-Language",
        "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
        "Idempotency-Key", "X-Idempotency-Key",
        "traceparent", "tracestate", "baggage", "b3", "x-b3-*", "x-datadog-*", "sentry-trace", "uber-trace-id", "x-amzn-trace-id", "x-cloud-trace-context",
        "x-client-request-id", "x-correlation-id", "x-trace-id",
        "openai-*", "anthropic-*", "x-stainless-*",
        "x-app", "x-client-name", "x-client-version", "x-title", "http-referer", "x-fern-*");

    /// <summary>What says how the body is to be read: true only of a body that goes on as it came.</summary>
    private static readonly HeaderList OfTheBody = new(
        "Content-Encoding", "Content-Disposition", "Content-MD5", "Content-Digest", "Repr-Digest", "Digest", "Content-Range");

    private readonly HeaderList _ofTheKey;
    private readonly ServedKey _key;
    private readonly bool _isBodyAsItCame;
    private readonly ConnectionMembers _connection;

    public HeadersToHub(ServedKey key, IHeaderDictionary headers, bool isBodyAsItCame)
    {
        (_key, _ofTheKey, _isBodyAsItCame) = (key, key.PassesToHub, isBodyAsItCame);
        _connection = new ConnectionMembers(headers.Connection);
    }

    public bool Pass(string name, in StringValues values) => IsListed(name) && !_connection.Names(name) && !HoldsToken(values);

    private bool IsListed(string name) =>
        ToEveryHub.Has(name)
        || _ofTheKey.Has(name)
        || _isBodyAsItCame && OfTheBody.Has(name)
        || _key.Access.Auth.ExtraHeaders is { Count: > 0 } fixedOnes && IsAmong(fixedOnes, name);

    private static bool IsAmong(IReadOnlyDictionary<string, string> headers, string name)
    {
        foreach (var (each, _) in headers)
        {
            if (each.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static bool HoldsToken(in StringValues values)
    {
        foreach (var value in values)
        {
            if (value is not null && AccessTokenText.StandsIn(value))
                return true;
        }

        return false;
    }
}
