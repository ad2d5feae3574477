using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.Snapshots;

namespace Keypace.Server.People.SignIn;

/// <summary>One-time links that open a session without a password, for whoever administers the server by a token. In memory, ten minutes, one use.</summary>
internal sealed class SignInLinks(RandomBytes random, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private const int MostAtOnce = 100;

    private readonly ConcurrentDictionary<string, Link> _links = new(StringComparer.Ordinal);

    /// <param name="role">What the session may do: no more than whoever asked for the link.</param>
    /// <param name="opener">Whoever asked for the link, with which the session ends.</param>
    public (string Token, DateTimeOffset ExpiresAt) Create(Guid memberId, Role role, SessionOpener opener)
    {
        var now = time.GetUtcNow();
        foreach (var (hash, link) in _links)
        {
            if (link.ExpiresAt <= now || _links.Count >= MostAtOnce)
                _links.TryRemove(hash, out _);
        }

        var token = AccessTokenText.Create(TokenKind.Reset, random).Reveal();
        _links[HashOf(token)] = new Link(memberId, role, opener, now + Lifetime);
        return (token, now + Lifetime);
    }

    /// <summary>Null for a link that was used, has ended or never was. Looking at it changes nothing.</summary>
    public Link? Find(string token) => _links.TryGetValue(HashOf(token), out var link) && link.ExpiresAt > time.GetUtcNow() ? link : null;

    /// <summary>The same, after which the link is used up.</summary>
    public Link? Take(string token) => _links.TryRemove(HashOf(token), out var link) && link.ExpiresAt > time.GetUtcNow() ? link : null;

    // Looked up by its hash, so that no comparison leaks how far a guess was right.
    private static string HashOf(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    internal sealed record Link(Guid MemberId, Role Role, SessionOpener Opener, DateTimeOffset ExpiresAt);
}
