using System.Collections.Concurrent;
using Keypace.Domain.Access;
using Keypace.Domain.Vault;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Storage.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.People.SignIn;

/// <summary>
/// The browsers that are signed in. Kept in the store, so that a restart signs nobody out, and in memory, so that a page asks no store who it is
/// for. What a cookie holds is a token of its own kind: it opens nothing but a session.
/// </summary>
internal sealed partial class Sessions : IDisposable
{
    /// <summary>How often it is looked whether a session has ended by time, or with the token that opened it.</summary>
    private static readonly TimeSpan _every = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<string, Session> _sessions = new(StringComparer.Ordinal);
    private readonly Store _store;
    private readonly SecretVault _vault;
    private readonly KeySnapshots _snapshots;
    private readonly RandomBytes _random;
    private readonly TimeProvider _time;
    private readonly ILogger<Sessions> _logger;
    private readonly ITimer _timer;

    public Sessions(Store store, SecretVault vault, KeySnapshots snapshots, RandomBytes random, TimeProvider time, ILogger<Sessions> logger)
    {
        (_store, _vault, _snapshots, _random, _time, _logger) = (store, vault, snapshots, random, time, logger);
        _timer = time.CreateTimer(static sessions => ((Sessions)sessions!).EndWhatIsOver(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Reads those of earlier runs, once, after the tokens and before the first request is taken.</summary>
    public void Load()
    {
        foreach (var (row, email) in SessionRows.Read(_store))
        {
            if (AccessWords.TryParseRole(row.Role, out var role))
                _sessions[row.Id] = new Session(row, email, role);
        }

        Watch();
    }

    /// <summary>Makes a session and gives the text of its cookie, which is nowhere else.</summary>
    /// <param name="openedBy">Whose link it was; null where the member proved who they are.</param>
    public async Task<string> BeginAsync(MemberRow member, Role role, SessionOpener? openedBy, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        var nowMs = now.ToUnixTimeMilliseconds();
        var token = AccessTokenText.Create(TokenKind.Session, _random);
        var row = new SessionRow
        {
            Id = token.Id.ToString(),
            Digest = _vault.TokenDigest(token.Reveal()),
            TeamId = member.TeamId,
            MemberId = member.Id,
            Role = role.Word(),
            OpenedBy = openedBy?.ToString(),
            CreatedAt = nowMs,
            LastSeenAt = nowMs,
            EndsAt = (now + Session.Longest).ToUnixTimeMilliseconds(),
        };
        await using (var change = await _store.BeginChangeAsync(ct))
        {
            await change.Db.Sessions.Where(old => old.EndsAt < nowMs).ExecuteDeleteAsync(ct);
            change.Db.Add(row);
            await change.CommitAsync(ct);
        }

        _sessions[row.Id] = new Session(row, member.Email, role);
        Watch();
        return token.Reveal();
    }

    /// <summary>The live session of a cookie; null for any other text. Counts as use of it.</summary>
    public Session? Find(string cookie)
    {
        if (!AccessTokenText.TryParse(cookie, out var kind, out var id) || kind is not TokenKind.Session)
            return null;
        var session = _sessions.GetValueOrDefault(id.ToString());
        if (!_vault.TokenMatches(cookie, session?.Digest) || session is null || !IsLive(session))
            return null;
        Touch(session);
        return session;
    }

    /// <summary>By the handle that an open page remembers; null when it has ended. Does not count as use.</summary>
    public Session? Live(string id) => _sessions.TryGetValue(id, out var session) && IsLive(session) ? session : null;

    /// <summary>Whether what opened, or is to open, a session still stands.</summary>
    public bool Stands(SessionOpener? opener) => opener switch
    {
        null => true,
        (SessionOpener.AccessToken, var id) => TokenOf(id) is { } token && token.Grant.IsLive(_time.GetUtcNow()),
        (_, var id) => Live(id) is not null,
    };

    /// <summary>Who asks, when a session does: its member, with no more than what opened it may do at this moment.</summary>
    public ServedToken AskerOf(Session session)
    {
        var root = session;
        while (root.OpenedBy is (SessionOpener.OtherSession, var id) && _sessions.TryGetValue(id, out var earlier))
            root = earlier;
        return ServedToken.OfSession(session, root.OpenedBy is (SessionOpener.AccessToken, var tokenId) ? TokenOf(tokenId) : null);
    }

    /// <summary>Somebody used the session.</summary>
    public void Touch(Session session)
    {
        if (session.Touch(_time.GetUtcNow()))
            _ = ChangeAsync(session.Id, rows => rows.ExecuteUpdateAsync(row => row.SetProperty(one => one.LastSeenAt, _time.GetUtcNow().ToUnixTimeMilliseconds())));
    }

    public async Task EndAsync(Session session, CancellationToken ct)
    {
        session.End();
        _sessions.TryRemove(session.Id, out _);
        await using var change = await _store.BeginChangeAsync(ct);
        await change.Db.Sessions.Where(row => row.Id == session.Id).ExecuteDeleteAsync(ct);
        await change.CommitAsync(ct);
    }

    public void Dispose() => _timer.Dispose();

    private bool IsLive(Session session) => session.IsLive(_time.GetUtcNow()) && Stands(session.OpenedBy);

    private ServedToken? TokenOf(string id) => TokenId.TryParse(id, out var parsed) ? _snapshots.Current.Tokens.GetValueOrDefault(parsed) : null;

    private void Watch()
    {
        if (!_sessions.IsEmpty)
            _timer.Change(_every, _every);
    }

    private void EndWhatIsOver()
    {
        foreach (var (id, session) in _sessions)
        {
            if (IsLive(session))
                continue;
            session.End();
            _sessions.TryRemove(id, out _);
            // A token may be given more time after it expired; the session that ended with it does not come back.
            _ = ChangeAsync(id, rows => rows.ExecuteDeleteAsync());
        }

        if (_sessions.IsEmpty)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Watch();   // one that began meanwhile
        }
    }

    /// <summary>Off the request's path. Should it fail, the log says why: the session then ends up to a minute early, or is found over, after a restart.</summary>
    private async Task ChangeAsync(string id, Func<IQueryable<SessionRow>, Task<int>> work)
    {
        await Task.Yield();
        try
        {
            await using var change = await _store.BeginChangeAsync(CancellationToken.None);
            await work(change.Db.Sessions.Where(row => row.Id == id));
            await change.CommitAsync(CancellationToken.None);
        }
        catch (Exception failure) when (failure is DbUpdateException or System.Data.Common.DbException or ObjectDisposedException)
        {
            Log.NotSaved(_logger, id, failure);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "That session {Id} was used or has ended could not be stored")]
        public static partial void NotSaved(ILogger logger, string id, Exception failure);
    }
}
