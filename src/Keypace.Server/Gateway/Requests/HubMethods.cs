namespace Keypace.Server.Gateway.Requests;

/// <summary>The methods that go on to hubs. TRACE would show the secret to whoever asks, CONNECT opens a tunnel; neither is ever sent.</summary>
internal static class HubMethods
{
    /// <summary>Null for a method that does not pass. Case counts, as in HTTP.</summary>
    public static HttpMethod? Of(string method) => method switch
    {
        "POST" => HttpMethod.Post,
        "GET" => HttpMethod.Get,
        "DELETE" => HttpMethod.Delete,
        "PUT" => HttpMethod.Put,
        "PATCH" => HttpMethod.Patch,
        "HEAD" => HttpMethod.Head,
        "OPTIONS" => HttpMethod.Options,
        _ => null,
    };
}
