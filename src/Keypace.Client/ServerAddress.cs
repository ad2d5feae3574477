namespace Keypace.Client;

/// <summary>Brings the address that a person typed into one form: absolute, without <c>/v1</c>, with a slash at its end.</summary>
internal static class ServerAddress
{
    public static Uri Parse(Uri? typed)
    {
        if (typed is null || !typed.IsAbsoluteUri || (typed.Scheme != Uri.UriSchemeHttp && typed.Scheme != Uri.UriSchemeHttps))
            throw new ArgumentException("The base address must be an absolute http or https address, such as http://127.0.0.1:5397.");

        if (typed.UserInfo.Length > 0 || typed.Query.Length > 0 || typed.Fragment.Length > 0)
        {
            // The address itself is left out: what stands in it may be a secret.
            throw new ArgumentException("The base address must not carry credentials, a query or a fragment; give the token by itself.");
        }

        var path = typed.AbsolutePath.TrimEnd('/');
        if (path.EndsWith("/v1", StringComparison.Ordinal))
            path = path[..^"/v1".Length].TrimEnd('/');

        return new UriBuilder(typed.Scheme, typed.Host, typed.Port, path + "/").Uri;
    }
}
