using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Domain.Access;
using Keypace.Domain.Keys;
using Keypace.Domain.Vault;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.Requests;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.AccessTokens;

/// <summary>What can be done with access tokens. Nobody hands on more than they have.</summary>
internal sealed class AccessTokenOperations(Store store, ManagementChanges changes, TokenBindings bindings, SecretVault vault, TimeProvider time)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.ReadTeam;
    public const Need ToAdminister = Need.Administer;

    public async Task<Outcome<IReadOnlyList<AccessToken>>> ListAsync(ListWindow window, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        var now = time.GetUtcNow();
        var rows = (await db.AccessTokens.Where(row => row.TeamId == caller.TeamId).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct))
            .Where(row => window.Matches(row.Name));
        var ordered = window.Order(rows, (row, field) => field switch
        {
            "name" => row.Name,
            "expires_at" => row.ExpiresAt,
            "last_used_at" => row.LastUsedAt,
            _ => row.CreatedAt,
        });
        return window.Cut(ordered).Select(row => row.ToRecord(now)).ToArray();
    }

    public async Task<Outcome<AccessToken>> GetAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        await using var db = store.Read();
        return (await FindAsync(db, caller, idOrName, ct)).TryGet(out var row, out var refusal) ? row.ToRecord(time.GetUtcNow()) : refusal;
    }

    /// <summary>The answer holds the token's text, this once.</summary>
    public async Task<Outcome<AccessToken>> CreateAsync(NewAccessToken wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        var problems = new FieldProblems();
        var name = problems.Take(EntityName.Parse(wanted.Name));
        var role = TokenBindings.RoleOf(wanted.Role, problems);
        var scopes = TokenBindings.ScopesOf(wanted.Scopes, problems);
        TokenBindings.CheckWeight(wanted.Weight, problems);
        TokenBindings.CheckPriority(wanted.Priority, problems);
        if (!TokenLifetime.Expiry(time.GetUtcNow(), wanted.ExpiresAt).TryGet(out var expiresAt, out var refusal))
            problems.Add(refusal);
        if (problems.Refusal is not null || name is null)
            return problems.Refusal ?? throw new InvalidOperationException("Something was refused without a word.");
        if (!caller.Grant.Covers(role, scopes))
            return MoreThanOwn;

        return await changes.RunAsync<AccessToken>(caller, async change =>
        {
            if (await WhyTakenAsync(change, name, null, ct) is { } taken)
                return taken;
            if (!bindings.Bind(caller.TeamId, wanted.ApiKeys, wanted.Agents).TryGet(out var bound, out var unknown))
                return unknown;
            var token = AccessTokenText.Create(TokenKind.Access, SecureRandom.Fill);
            var row = new AccessTokenRow
            {
                Id = token.Id.ToString(),
                Digest = vault.TokenDigest(token.Reveal()),
                TeamId = caller.TeamId,
                MemberId = caller.Grant.MemberId,
                Name = name.Text,
                Role = role.Word(),
                Scopes = string.Join(' ', scopes.Words()),
                ApiKeyIds = bound.ApiKeyIds,
                AgentIds = bound.AgentIds,
                Weight = wanted.Weight ?? TokenGrant.LeastWeight,
                Priority = wanted.Priority ?? "interactive",
                CreatedAt = change.NowMs,
                ExpiresAt = expiresAt.ToUnixTimeMilliseconds(),
            };
            change.Db.AccessTokens.Add(row);
            var record = row.ToRecord(change.Now);
            change.Audit(AuditedSubject.AccessToken, "created", row.Id, row.Name, null, record);
            Publish(change, row);
            return record with { Token = token.Reveal() };
        }, ct);
    }

    public async Task<Outcome<AccessToken>> ChangeAsync(string idOrName, AccessTokenChange wanted, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        var problems = new FieldProblems();
        var name = wanted.Name is null ? null : problems.Take(EntityName.Parse(wanted.Name));
        var scopes = wanted.Scopes is null ? (Scopes?)null : TokenBindings.ScopesOf(wanted.Scopes, problems);
        TokenBindings.CheckWeight(wanted.Weight, problems);
        TokenBindings.CheckPriority(wanted.Priority, problems);
        var expiresAt = default(DateTimeOffset);
        if (wanted.ExpiresAt is not null && !TokenLifetime.Expiry(time.GetUtcNow(), wanted.ExpiresAt).TryGet(out expiresAt, out var refusal))
            problems.Add(refusal);
        if (problems.Refusal is { } wrong)
            return wrong;

        return await changes.RunAsync<AccessToken>(caller, async change =>
        {
            if (!(await FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var unknown))
                return unknown;
            if (row.RevokedAt is not null)
                return new Refusal(RefusalReason.Conflict, "token_revoked", $"The access token '{row.Name}' was revoked, and stays so. Make a new one.");
            if (!MayManage(caller, row) || (scopes is { } given && !caller.Grant.Covers(Role.Viewer, given)))
                return MoreThanOwn;
            if (name is not null && name.Text != row.Name && await WhyTakenAsync(change, name, row.Id, ct) is { } taken)
                return taken;
            var before = row.ToRecord(change.Now);
            row.Name = name?.Text ?? row.Name;
            row.Scopes = scopes is { } words ? string.Join(' ', words.Words()) : row.Scopes;
            row.Weight = wanted.Weight ?? row.Weight;
            row.Priority = wanted.Priority ?? row.Priority;
            row.ExpiresAt = wanted.ExpiresAt is null ? row.ExpiresAt : expiresAt.ToUnixTimeMilliseconds();
            var after = row.ToRecord(change.Now);
            if (!change.Db.ChangeTracker.HasChanges())
                return after;
            change.Audit(AuditedSubject.AccessToken, "changed", row.Id, row.Name, before, after);
            Publish(change, row);
            return after;
        }, ct);
    }

    /// <summary>At once and for ever. Revoking a revoked one changes nothing.</summary>
    public async Task<Outcome<AccessToken>> RevokeAsync(string idOrName, Caller caller, CancellationToken ct)
    {
        if (caller.Check(ToAdminister) is { } forbidden)
            return forbidden;
        return await changes.RunAsync<AccessToken>(caller, async change =>
        {
            if (!(await FindAsync(change.Db, caller, idOrName, ct)).TryGet(out var row, out var unknown))
                return unknown;
            var before = row.ToRecord(change.Now);
            if (row.RevokedAt is not null)
                return before;
            if (!MayManage(caller, row))
                return MoreThanOwn;
            row.RevokedAt = change.NowMs;
            var after = row.ToRecord(change.Now);
            change.Audit(AuditedSubject.AccessToken, "revoked", row.Id, row.Name, before, after);
            Publish(change, row);
            return after;
        }, ct);
    }

    private static readonly Refusal MoreThanOwn = new(RefusalReason.Forbidden, "role_too_low",
        "A token cannot be given, or be changed by, more than the one who asks has. Ask somebody whose role and scopes cover it.");

    private static bool MayManage(Caller caller, AccessTokenRow row) =>
        AccessWords.TryParseRole(row.Role, out var role) && role <= caller.Grant.Role;

    private static void Publish(Change change, AccessTokenRow row)
    {
        if (RowMapping.Token(row) is { } token)
            change.Publish(snapshots => snapshots.Put(token));
    }

    /// <summary>The id first, then the name of a token that lives, then the last one that had the name.</summary>
    private static async Task<Outcome<AccessTokenRow>> FindAsync(KeypaceDb db, Caller caller, string idOrName, CancellationToken ct)
    {
        var tokens = db.AccessTokens.Where(token => token.TeamId == caller.TeamId);
        var row = await tokens.FirstOrDefaultAsync(token => token.Id == idOrName, ct);
        if (row is null && EntityName.KeyOf(idOrName) is { Length: > 0 } nameKey)
        {
            row = (await tokens.OrderBy(token => token.RevokedAt != null).ThenByDescending(token => token.CreatedAt).ToListAsync(ct))
                .Find(token => EntityName.KeyOf(token.Name) == nameKey);
        }

        return row is not null ? row : Refusal.NotFound("access token", idOrName);
    }

    /// <summary>Names are unique among tokens that are not revoked.</summary>
    private static async Task<Refusal?> WhyTakenAsync(Change change, EntityName name, string? except, CancellationToken ct)
    {
        var holders = await change.Db.AccessTokens.AsNoTracking()
            .Where(row => row.TeamId == change.Caller.TeamId && row.RevokedAt == null && row.Id != except).Select(row => row.Name).ToListAsync(ct);
        return holders.Find(held => EntityName.KeyOf(held) == name.Key) is { } holder
            ? new Refusal(RefusalReason.Conflict, "name_taken", $"An access token named '{holder}' already exists. Choose another name, or revoke that one.")
            : null;
    }
}
