using System.Security.Cryptography;
using System.Text;
using Keypace.Domain.Echoes;
using Keypace.Domain.Hubs;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Gateway.Requests;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// What one query shows the hub, and what is to be starred out of the answer. Prints as ***. Made by <see cref="Credentials"/> for one
/// sending, disposed when its answer is through.
/// </summary>
internal abstract class Credential : IDisposable
{
    /// <summary>For a key without a secret.</summary>
    public static readonly Credential None = new NoCredential();

    /// <summary>What a hub could send back of it, as text; null when it never leaves this machine.</summary>
    public string? Text { get; protected init; }

    /// <summary>Stars <see cref="Text"/> out of an answer; null when there is nothing to look for.</summary>
    public SecretScrub? Scrub { get; protected init; }

    /// <summary>
    /// Until when a request that carries it may leave; null for one that does not age. A query whose turn came later than it was promised is built
    /// anew with a fresh one (<see cref="Wire.WireAttempt"/>).
    /// </summary>
    public DateTimeOffset? FreshUntil { get; protected init; }

    /// <summary>
    /// Puts the credential on a request that is finished otherwise: address, method, the caller's headers and the body are those that
    /// will be sent. Headers that the hub file's <c>auth.header</c> names were not taken over from the caller.
    /// </summary>
    /// <param name="body">The body as it will be sent, edits included (<see cref="RequestBody.Sha256"/>); null for none.</param>
    public abstract void Attach(HttpRequestMessage request, HubAuth auth, RequestBody? body);

    public override string ToString() => "***";

    public virtual void Dispose() => Scrub?.Dispose();

    private sealed class NoCredential : Credential
    {
        public override void Attach(HttpRequestMessage request, HubAuth auth, RequestBody? body)
        {
        }
    }
}

/// <summary>A secret, or an access token, that stands in a header as it is.</summary>
internal sealed class HeaderCredential : Credential
{
    private readonly string _value;
    private readonly byte[] _secret;

    private HeaderCredential(string value, string text, byte[] secret, SecretSketch? sketch = null)
    {
        (_value, _secret, Text) = (value, secret, text);
        Scrub = SecretScrub.For(secret, sketch);
    }

    public static HeaderCredential Of(HubAuth auth, ReadOnlySpan<byte> secret, SecretSketch? sketch)
    {
        var text = Encoding.UTF8.GetString(secret);
        return new HeaderCredential(auth.Scheme.Length == 0 ? text : auth.Scheme + text, text, secret.ToArray(), sketch);
    }

    public static HeaderCredential Of(HubAuth auth, string secret, DateTimeOffset freshUntil) =>
        new(auth.Scheme.Length == 0 ? secret : auth.Scheme + secret, secret, Encoding.UTF8.GetBytes(secret)) { FreshUntil = freshUntil };

    public override void Attach(HttpRequestMessage request, HubAuth auth, RequestBody? body) =>
        request.Headers.TryAddWithoutValidation(auth.Header, _value);

    public override void Dispose()
    {
        base.Dispose();
        CryptographicOperations.ZeroMemory(_secret);
    }
}
