using System.Collections.Concurrent;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Platform.SignIn;

/// <summary>
/// The browsers that are signed in. Kept in the store, so that a restart signs nobody out, and in memory, so that a page asks no store who it is
/// for. What a cookie holds is a token of its own kind: it opens nothing but a session.
/// </summary>
internal sealed partial class Sessions(Store store, SecretVault vault, RandomBytes random, TimeProvider time, ILogger<Sessions> logger)
{
    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);

    /// <summary>Reads those of earlier runs, once, before the first request is taken.</summary>
    public void Load()
    {
        foreach (var (row, email) in SessionRows.Read(store))
        {
            if (AccessWords.TryParseRole(row.Role, out var role))
                _sessions[row.Id] = new Session(row, email, role);
        }
    }

    /// <summary>Makes a session and gives the text of its cookie, which is nowhere else.</summary>
    public async Task<string> BeginAsync(MemberRow member, Role role, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var nowMs = now.ToUnixTimeMilliseconds();
        var token = AccessTokenText.Create(TokenKind.Session, random);
        var row = new SessionRow
        {
            Id = token.Id.ToString(),
            Digest = vault.TokenDigest(token.Reveal()),
            TeamId = member.TeamId,
            MemberId = member.Id,
            Role = role.Word(),
            CreatedAt = nowMs,
            LastSeenAt = nowMs,
            EndsAt = (now + Session.Longest).ToUnixTimeMilliseconds(),
        };
        await using (var change = await store.BeginChangeAsync(ct))
        {
            await change.Db.Sessions.Where(old => old.EndsAt < nowMs).ExecuteDeleteAsync(ct);
            change.Db.Add(row);
            await change.CommitAsync(ct);
        }

        _sessions[row.Id] = new Session(row, member.Email, role);
        foreach (var (id, session) in _sessions)
        {
            if (!session.IsLive(now))
                _sessions.TryRemove(id, out _);
        }

        return token.Reveal();
    }

    /// <summary>The live session of a cookie; null for any other text. Counts as use of it.</summary>
    public Session? Find(string cookie)
    {
        if (!AccessTokenText.TryParse(cookie, out var kind, out var id) || kind is not TokenKind.Session)
            return null;
        var session = _sessions.GetValueOrDefault(id.ToString());
        if (!vault.TokenMatches(cookie, session?.Digest) || session is null || !session.IsLive(time.GetUtcNow()))
            return null;
        Touch(session);
        return session;
    }

    /// <summary>By the handle that an open page remembers; null when it has ended. Does not count as use.</summary>
    public Session? Live(string id) =>
        _sessions.TryGetValue(id, out var session) && session.IsLive(time.GetUtcNow()) ? session : null;

    /// <summary>Somebody used the session.</summary>
    public void Touch(Session session)
    {
        if (session.Touch(time.GetUtcNow()))
            _ = SaveLastSeenAsync(session.Id, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    public async Task EndAsync(Session session, CancellationToken ct)
    {
        session.End();
        _sessions.TryRemove(session.Id, out _);
        await using var change = await store.BeginChangeAsync(ct);
        await change.Db.Sessions.Where(row => row.Id == session.Id).ExecuteDeleteAsync(ct);
        await change.CommitAsync(ct);
    }

    /// <summary>Off the request's path. Should it fail, the session ends up to a minute early after a restart, and the log says why.</summary>
    private async Task SaveLastSeenAsync(string id, long nowMs)
    {
        await Task.Yield();
        try
        {
            await using var change = await store.BeginChangeAsync(CancellationToken.None);
            await change.Db.Sessions.Where(row => row.Id == id).ExecuteUpdateAsync(row => row.SetProperty(one => one.LastSeenAt, nowMs));
            await change.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException or ObjectDisposedException)
        {
            Log.NotSaved(logger, id, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "That session {Id} was used could not be stored")]
        public static partial void NotSaved(ILogger logger, string id, Exception failure);
    }
}
