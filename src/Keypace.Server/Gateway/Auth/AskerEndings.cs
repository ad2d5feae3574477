using System.Collections.Concurrent;
using Keypace.Domain.Access;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Auth;

/// <summary>
/// When somebody may ask no longer: a token that is revoked or expires, a session that ends. What waits or runs for them hears of it at once and need
/// not look. Costs a query one look-up; tokens that have asked nothing cost nothing.
/// </summary>
internal sealed class AskerEndings : IDisposable
{
    /// <summary>Timers take no more than some weeks.</summary>
    private static readonly TimeSpan LongestSleep = TimeSpan.FromHours(12);

    private readonly ConcurrentDictionary<TokenId, Ending> _endings = new();
    private readonly PriorityQueue<TokenId, DateTimeOffset> _expiries = new();
    private readonly Lock _gate = new();
    private readonly KeySnapshots _snapshots;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public AskerEndings(KeySnapshots snapshots, TimeProvider time)
    {
        (_snapshots, _time) = (snapshots, time);
        _timer = time.CreateTimer(static endings => ((AskerEndings)endings!).EndExpired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        snapshots.TokenChanged += Note;
    }

    private sealed class Ending
    {
        // A source without a timer holds nothing that must be freed.
        public CancellationTokenSource Source { get; } = new();

        public DateTimeOffset ExpiresAt { get; set; }
    }

    /// <summary>Cancelled when the asker may ask no longer. What is registered runs on threads of the pool.</summary>
    public CancellationToken Of(ServedToken token)
    {
        if (token.Session is { } session)
            return session.Ending;
        if (token.IsMember)
            return CancellationToken.None;
        return _endings.TryGetValue(token.Grant.Id, out var ending) ? ending.Source.Token : Watch(token.Grant.Id);
    }

    public void Dispose()
    {
        _snapshots.TokenChanged -= Note;
        _timer.Dispose();
    }

    private CancellationToken Watch(TokenId id)
    {
        lock (_gate)
        {
            if (!_endings.TryGetValue(id, out var ending))
            {
                _endings[id] = ending = new Ending();
                Look(id, ending);   // as it is now: it may have been revoked since the caller was asked for it
            }

            return ending.Source.Token;
        }
    }

    private void Note(ServedToken token)
    {
        lock (_gate)
        {
            if (!_endings.TryGetValue(token.Grant.Id, out var ending))
                return;
            if (ending.Source.IsCancellationRequested)
                _endings.TryRemove(token.Grant.Id, out _);   // it was given more time after it had expired
            else
                Look(token.Grant.Id, ending);
        }
    }

    private void Look(TokenId id, Ending ending)
    {
        var grant = _snapshots.Current.Tokens.GetValueOrDefault(id)?.Grant;
        if (grant?.IsLive(_time.GetUtcNow()) != true)
        {
            _ = ending.Source.CancelAsync();
        }
        else if (ending.ExpiresAt != grant.ExpiresAt)
        {
            ending.ExpiresAt = grant.ExpiresAt;
            _expiries.Enqueue(id, grant.ExpiresAt);
            Arm();
        }
    }

    private void Arm()
    {
        if (!_expiries.TryPeek(out _, out var at))
            return;
        var wait = at - _time.GetUtcNow();
        _timer.Change(wait < TimeSpan.Zero ? TimeSpan.Zero : wait < LongestSleep ? wait : LongestSleep, Timeout.InfiniteTimeSpan);
    }

    private void EndExpired()
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            while (_expiries.TryPeek(out var id, out var at) && at <= now)
            {
                _expiries.Dequeue();
                if (_endings.TryGetValue(id, out var ending) && ending.ExpiresAt == at)   // otherwise it has another moment by now
                    Look(id, ending);
            }

            Arm();
        }
    }
}
