using Keypace.Domain.Access;
using Keypace.Server.Storage.Rows;

namespace Keypace.Server.Snapshots;

#pragma warning disable CA1001 // A source without a timer holds nothing, and whoever still runs for the session must be able to ask it.
/// <summary>A browser in which a member is signed in. One object a session, shared by its requests and open pages.</summary>
/// <param name="email">The member's, as the interface and the audit show it.</param>
internal sealed class Session(SessionRow row, string email, Role role)
#pragma warning restore CA1001
{
    /// <summary>A session that nobody uses ends after this.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);

    /// <summary>A session ends after this, however busy it is.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    private long _lastSeenAt = row.LastSeenAt;
    private long _savedAt = row.LastSeenAt;
    private readonly CancellationTokenSource _ending = new();
    private volatile bool _isEnded;

    /// <summary>Twelve characters; a handle, not a secret.</summary>
    public string Id => row.Id;

    public byte[] Digest => row.Digest;

    public Guid TeamId => row.TeamId;

    public Guid MemberId => row.MemberId;

    public string Email => email;

    public Role Role => role;

    /// <summary>Null for one that a password or the set-up link opened.</summary>
    public SessionOpener? OpenedBy { get; } = row.OpenedBy is null ? null : SessionOpener.Parse(row.OpenedBy);

    /// <summary>Cancelled when the session ends: whatever runs for it, pages and answers, ends then. What is registered runs on threads of the pool.</summary>
    public CancellationToken Ending => _ending.Token;

    public bool IsLive(DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        return !_isEnded && nowMs < row.EndsAt && nowMs < Interlocked.Read(ref _lastSeenAt) + (long)Idle.TotalMilliseconds;
    }

    public void End()
    {
        _isEnded = true;
        _ = _ending.CancelAsync();
    }

    /// <summary>Notes that somebody used it. True at most once a minute: then the store is to be told.</summary>
    public bool Touch(DateTimeOffset now)
    {
        var nowMs = now.ToUnixTimeMilliseconds();
        Interlocked.Exchange(ref _lastSeenAt, nowMs);
        var saved = Interlocked.Read(ref _savedAt);
        return nowMs - saved >= 60_000 && Interlocked.CompareExchange(ref _savedAt, nowMs, saved) == saved;
    }
}
