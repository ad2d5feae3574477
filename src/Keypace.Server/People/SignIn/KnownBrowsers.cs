using System.Globalization;
using System.Security.Cryptography;
using Keypace.Domain.Vault;

namespace Keypace.Server.People.SignIn;

/// <summary>
/// Tells a browser that signed in to an account before, by a cookie that outlives the session. It opens nothing: a password is needed as before, but
/// strangers who lock the account by trying do not lock this browser out. The cookie says for whom and since when, under the instance's pepper.
/// </summary>
internal sealed class KnownBrowsers(SecretVault vault, RandomBytes random, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private const string Mark = "browser";
    private const int MostCharacters = 200;

    /// <summary>The text of a new cookie.</summary>
    public string Create(Guid memberId)
    {
        Span<byte> browser = stackalloc byte[16];
        random(browser);
        var name = string.Create(CultureInfo.InvariantCulture, $"{Mark}.{memberId:N}.{Convert.ToHexStringLower(browser)}.{time.GetUtcNow().ToUnixTimeSeconds()}");
        return $"{name}.{Convert.ToHexStringLower(vault.TokenDigest(name))}";
    }

    /// <summary>What tells this browser from others; null for one that did not sign in to this account, or too long ago.</summary>
    /// <param name="cookie">Whatever the request brought; null for nothing.</param>
    public string? Of(string? cookie, Guid memberId)
    {
        if (cookie is null or { Length: > MostCharacters } || cookie.Split('.') is not [Mark, var member, var browser, var since, var digest]
            || member != memberId.ToString("N") || !long.TryParse(since, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return null;
        }

        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var expected = Convert.ToHexStringLower(vault.TokenDigest($"{Mark}.{member}.{browser}.{since}"));
        return CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(expected), System.Text.Encoding.UTF8.GetBytes(digest))
            && seconds <= now && now - seconds <= (long)Lifetime.TotalSeconds ? browser : null;
    }
}
