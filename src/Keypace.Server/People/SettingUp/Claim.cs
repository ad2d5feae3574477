using System.Security.Cryptography;
using System.Text;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.Platform;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.People.SettingUp;

/// <summary>
/// Whether somebody owns this installation, and the one-time token by which a person becomes its owner. The token lives in memory and in the
/// link's file, for an hour; the store knows nothing of it.
/// </summary>
internal sealed class Claim(Store store, SecretVault vault, RandomBytes random, TimeProvider time, bool isClaimed)
{
    private const int LeastTokenCharacters = 32;

    private byte[] _tokenHash = [];
    private DateTimeOffset _expiresAt;
    private volatile bool _isClaimed = isClaimed;

    public bool IsClaimed => _isClaimed;

    /// <summary>True where the operator chose the token, and so meant it to be used from elsewhere too.</summary>
    public bool IsOpenToOtherMachines { get; private set; }

    /// <summary>Told of the token that the claim made, after its commit, before anybody can use it.</summary>
    public event Action<AccessTokenRow>? TokenCreated;

    /// <summary>Draws a token and writes the link to its file (0600), over the one of an earlier start. Gives the link.</summary>
    /// <param name="address">Such as <c>http://127.0.0.1:5397</c>.</param>
    public string WriteLink(string address)
    {
        var token = AccessTokenText.Create(TokenKind.Setup, random);
        Accept(token.Reveal());
        var link = $"{address}/setup?token={token.Reveal()}";
        File.Delete(store.Folder.SetupLink);
        using var file = DataFolder.CreateFile(store.Folder.SetupLink);
        file.Write(Encoding.ASCII.GetBytes(link + "\n"));
        return link;
    }

    /// <summary>Takes the token that the operator put into a file. Refuses with <c>bad_setup_token</c>.</summary>
    public Refusal? AcceptFrom(string path)
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            if (token.Length is < LeastTokenCharacters or > 512)
            {
                return new Refusal(
                    RefusalReason.Invalid, "bad_setup_token", $"The set-up token's file {path} does not hold a token of {LeastTokenCharacters} characters or more.");
            }

            Accept(token);
            IsOpenToOtherMachines = true;
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new Refusal(RefusalReason.Invalid, "bad_setup_token", $"The set-up token's file cannot be read: {failure.Message}");
        }
    }

    /// <summary>Looking at the form does not use the token up.</summary>
    public bool MayClaim(string? token) =>
        !IsClaimed
        && time.GetUtcNow() < _expiresAt
        && CryptographicOperations.FixedTimeEquals(HashOf(token ?? ""), _tokenHash);

    /// <summary>Makes the owner and the first token in one transaction. Of several at once exactly one succeeds. Refuses with <c>claimed</c>.</summary>
    /// <param name="from">The address that the request came from.</param>
    public async Task<Outcome<FirstToken>> TakeAsync(NewOwner newOwner, string from, string requestId, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await using var change = await store.BeginChangeAsync(ct);
        var instance = await change.Db.Instances.SingleAsync(ct);
        if (instance.ClaimedAt is not null)
            return new Refusal(RefusalReason.Conflict, "claimed", "This Keypace has an owner already.");

        var team = await change.Db.Teams.OrderBy(one => one.CreatedAt).FirstAsync(ct);
        var owner = newOwner.ToRow(team.Id, now);
        // A token that `keypace init` made before there was an owner has been waiting for this one.
        if (await change.Db.AccessTokens.OrderBy(one => one.CreatedAt).FirstOrDefaultAsync(ct) is { } waiting)
            owner.Id = waiting.MemberId;
        var token = FirstToken.Create(vault, team.Id, owner.Id, random, now);
        var audit = new SetupAudit($"member:{owner.Id}", owner.Email, from, requestId, now);
        instance.ClaimedAt = now.ToUnixTimeMilliseconds();
        change.Db.Add(owner);
        change.Db.Add(token.Row);
        change.Db.Add(audit.OwnerCreated(owner));
        change.Db.Add(audit.TokenCreated(token.Row));
        await change.CommitAsync(ct);

        _isClaimed = true;
        TokenCreated?.Invoke(token.Row);
        File.Delete(store.Folder.SetupLink);
        return token;
    }

    private void Accept(string token)
    {
        _tokenHash = HashOf(token);
        _expiresAt = time.GetUtcNow() + TokenLifetime.Setup;
    }

    // A plain hash is enough: the token has 256 random bits and lives in memory. It makes all lengths equal for the comparison.
    private static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
