using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.People.SettingUp;

/// <summary>The first access token: admin, all scopes, 90 days. Its text exists here once and in no store.</summary>
internal sealed record FirstToken(NewToken Token, AccessTokenRow Row)
{
    /// <summary>What it is called.</summary>
    public const string TokenName = "first token";

    public static FirstToken Create(SecretVault vault, Guid teamId, Guid memberId, RandomBytes random, DateTimeOffset now)
    {
        var token = AccessTokenText.Create(TokenKind.Access, random);
        return new FirstToken(token, new AccessTokenRow
        {
            Id = token.Id.ToString(),
            Digest = vault.TokenDigest(token.Reveal()),
            TeamId = teamId,
            MemberId = memberId,
            Name = TokenName,
            Role = Role.Admin.Word(),
            Scopes = string.Join(' ', Scopes.All.Words()),
            CreatedAt = now.ToUnixTimeMilliseconds(),
            ExpiresAt = (now + TokenLifetime.Default).ToUnixTimeMilliseconds(),
        });
    }
}
