using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Signing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// AWS keys: nothing of them leaves this machine but the access key's id, a session's token and the signature of the finished request. It is
/// made at most about a second before the query's turn is expected, and counts five minutes at AWS: where the turn came later than that, it is made anew.
/// </summary>
/// <remarks>
/// AWS refuses what was signed by a clock that differs from its own by five minutes. Where a refusal's <c>Date</c> header shows such a difference, this
/// key's requests are signed by AWS's time from then on. What is known hangs on <see cref="ServedKey.Config"/>, and goes when the key changes.
/// </remarks>
internal sealed class AwsSigning(Envelopes envelopes, TimeProvider time) : ICredentialSource
{
    /// <summary>What Bedrock's runtime, its agents and its control plane are all called in a signature.</summary>
    private const string Service = "bedrock";

    /// <summary>A minute less than AWS grants.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(4);

    /// <summary>A clock that is further off than this is no clock, and its hub gets no signature for a time that may lie far ahead.</summary>
    private static readonly TimeSpan MostSkew = TimeSpan.FromHours(24);

    private readonly ConditionalWeakTable<IReadOnlyDictionary<string, string>, Skew> _skews = [];

    public IReadOnlyList<HubAuthKind> Kinds { get; } = [HubAuthKind.AwsSignature];

    public ValueTask<Refusal?> PrepareAsync(ServedKey key, CancellationToken ct) => ValueTask.FromResult<Refusal?>(null);

    public bool Rejected(ServedKey key, in HubRejection rejection)
    {
        if (rejection.HubsClock is not { } hubs)
            return false;
        var off = hubs - rejection.SentAt;
        var skew = _skews.GetValue(key.Config, static _ => new Skew());
        if ((off - skew.Off).Duration() < Fresh || off.Duration() > MostSkew)
            return false;
        skew.Off = off;
        return true;
    }

    public ValueTask<Outcome<Credential>> OpenAsync(ServedKey key, CancellationToken ct)
    {
        if (!envelopes.OpenFields(key).TryGet(out var secrets, out var refusal))
            return ValueTask.FromResult<Outcome<Credential>>(refusal);
        return ValueTask.FromResult<Outcome<Credential>>(new AwsCredential(
            secrets["access_key"] ?? "", secrets["secret_access_key"] ?? "", secrets["session_token"],
            new AwsScope(time.GetUtcNow() + (_skews.TryGetValue(key.Config, out var skew) ? skew.Off : TimeSpan.Zero), key.Config.GetValueOrDefault("region", ""), Service),
            time.GetUtcNow() + Fresh));
    }

    /// <summary>What to add to this machine's clock.</summary>
    private sealed class Skew
    {
        private long _ticks;

        public TimeSpan Off
        {
            get => TimeSpan.FromTicks(Volatile.Read(ref _ticks));
            set => Volatile.Write(ref _ticks, value.Ticks);
        }
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

    public AwsCredential(string accessKey, string secretAccessKey, string? sessionToken, AwsScope scope, DateTimeOffset freshUntil)
    {
        (_accessKey, _secretAccessKey, _scope, FreshUntil) = (accessKey, secretAccessKey, scope, freshUntil);
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
