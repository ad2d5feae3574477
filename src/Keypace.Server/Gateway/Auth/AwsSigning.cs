using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Signing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// AWS keys: nothing of them leaves this machine but the access key's id, a session's token and the signature of the finished request. It is
/// made at most about a second before the query's turn, and counts five minutes at AWS: longer than any query may wait by default.
/// </summary>
internal sealed class AwsSigning(Envelopes envelopes, TimeProvider time) : ICredentialSource
{
    /// <summary>What Bedrock's runtime, its agents and its control plane are all called in a signature.</summary>
    private const string Service = "bedrock";

    public IReadOnlyList<HubAuthKind> Kinds { get; } = [HubAuthKind.AwsSignature];

    public ValueTask<Refusal?> PrepareAsync(ServedKey key, CancellationToken ct) => ValueTask.FromResult<Refusal?>(null);

    /// <summary>Nothing is kept that could be stale: the next signature is made anew in any case.</summary>
    public void Rejected(ServedKey key)
    {
    }

    public ValueTask<Outcome<Credential>> OpenAsync(ServedKey key, CancellationToken ct)
    {
        if (!envelopes.OpenFields(key).TryGet(out var secrets, out var refusal))
            return ValueTask.FromResult<Outcome<Credential>>(refusal);
        return ValueTask.FromResult<Outcome<Credential>>(new AwsCredential(
            secrets["access_key"] ?? "", secrets["secret_access_key"] ?? "", secrets["session_token"],
            new AwsScope(time.GetUtcNow(), key.Config.GetValueOrDefault("region", ""), Service)));
    }
}

/// <summary>Signs one sending. The session's token is all of it that a hub could send back.</summary>
internal sealed class AwsCredential : Credential
{
    private const string DateHeader = "x-amz-date";
    private const string TokenHeader = "x-amz-security-token";
    private const string HashHeader = "x-amz-content-sha256";

    private readonly string _accessKey;
    private readonly string _secretAccessKey;
    private readonly AwsScope _scope;

    public AwsCredential(string accessKey, string secretAccessKey, string? sessionToken, AwsScope scope)
    {
        (_accessKey, _secretAccessKey, _scope) = (accessKey, secretAccessKey, scope);
        Text = sessionToken;
        Scrub = sessionToken is null ? null : SecretScrub.For(Encoding.UTF8.GetBytes(sessionToken));
    }

    public override void Attach(HttpRequestMessage request, HubAuth auth, RequestBody? body)
    {
        foreach (var name in (ReadOnlySpan<string>)[DateHeader, TokenHeader, HashHeader])
            request.Headers.Remove(name);
        request.Headers.TryAddWithoutValidation(DateHeader, AwsSignature.Date(_scope.Now));
        if (Text is not null)
            request.Headers.TryAddWithoutValidation(TokenHeader, Text);

        var hash = body?.Sha256() ?? SHA256.HashData([]);
        var signed = new List<KeyValuePair<string, string>> { new("host", HostOf(request.RequestUri!)) };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (name.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
                signed.Add(new(name.ToLowerInvariant(), values.ToString()));   // several values go out in one line
        }

        if (request.Content is { } content && content.Headers.NonValidated.TryGetValues("Content-Type", out var types))
            signed.Add(new("content-type", types.ToString()));
        request.Headers.TryAddWithoutValidation(auth.Header, AwsSignature.Authorization(
            request.Method.Method, request.RequestUri!.PathAndQuery, signed, hash, _scope, _accessKey, _secretAccessKey));
    }

    /// <summary>As the HTTP stack writes the Host header.</summary>
    private static string HostOf(Uri uri)
    {
        var host = uri.HostNameType is UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return uri.IsDefaultPort ? host : $"{host}:{uri.Port}";
    }
}
