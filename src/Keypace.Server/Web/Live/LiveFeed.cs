using System.Collections.Immutable;
using Keypace.Contracts;
using Keypace.Domain.Keys;
using Keypace.Server.Features.Usage;
using Keypace.Server.Gateway.Learning;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Shown;
using Keypace.Server.Snapshots;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Web.Live;

/// <summary>
/// Looks at the limits once a second for all open pages together, and tells them. Works only while a page is open, on a timer's thread, so that
/// neither the threads of hubs' sockets nor the pacer ever wait for a page.
/// </summary>
internal sealed partial class LiveFeed : IDisposable
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(1);
    private const int TicksBetweenLastUsed = 3;

    private readonly RateGroups _rateGroups;
    private readonly KeySnapshots _snapshots;
    private readonly KeyNews _news;
    private readonly KeyHealth _health;
    private readonly TimeProvider _time;
    private readonly ILogger<LiveFeed> _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private ImmutableArray<Action> _pages = [];
    private KeySnapshot? _seen;
    private int _ticks;
    private int _isTicking;

    public LiveFeed(RateGroups rateGroups, KeySnapshots snapshots, KeyNews news, KeyHealth health, TimeProvider time, ILogger<LiveFeed> logger)
    {
        (_rateGroups, _snapshots, _news, _health, _time, _logger) = (rateGroups, snapshots, news, health, time, logger);
        _timer = time.CreateTimer(static feed => _ = ((LiveFeed)feed!).TickAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Counts changes of keys, agents and tokens that this feed has seen; a page that shows them reads again when it has grown.</summary>
    public int Revision { get; private set; }

    /// <summary>The figures of the last second, by rate group. Groups that did nothing lately are not there.</summary>
    public IReadOnlyDictionary<Guid, GroupFigures> Groups { get; private set; } = ImmutableDictionary<Guid, GroupFigures>.Empty;

    /// <param name="tick">Called once a second, on a thread that must not be held: a page hands its drawing to its own dispatcher.</param>
    /// <returns>To be disposed when the page closes.</returns>
    public IDisposable Subscribe(Action tick)
    {
        lock (_gate)
        {
            if (_pages.IsEmpty)
            {
                Sample();
                _timer.Change(_every, _every);
            }

            _pages = _pages.Add(tick);
        }

        return new Subscription(this, tick);
    }

    /// <summary>What one key's limit is doing; null for a key that is not served.</summary>
    public LiveKey? Of(Guid apiKeyId)
    {
        var snapshot = _snapshots.Current;
        if (!snapshot.Keys.TryGetValue(apiKeyId, out var key))
            return null;
        var isShared = snapshot.IsShared(key.RateGroupId);
        if (!Groups.TryGetValue(key.RateGroupId, out var figures))
        {
            var limit = snapshot.LimitOf(key.RateGroupId) ?? key.Limit;
            return new LiveKey(0, limit.Count, limit.Seconds, 0, isShared, null, 0, null);
        }

        var (pausedUntil, why) = figures.PauseOf(key.Source);
        var pause = pausedUntil is { } until ? (int)Math.Ceiling((until - _time.GetUtcNow()).TotalSeconds) : 0;
        return new LiveKey(
            figures.UsedNow, figures.Limit.Count, figures.Limit.Seconds, figures.WaitingNow, isShared,
            pause > 0 ? pausedUntil : null, Math.Max(0, pause), pause > 0 ? why : null);
    }

    /// <param name="key">As the page has read it.</param>
    public KeyState StateOf(ApiKey key)
    {
        var id = Guid.Parse(key.Id);
        var live = Of(id);
        var isLowered = live is not null && live.Seconds == key.RateLimitInterval && live.Limit < key.RateLimitPerInterval && !live.IsShared;
        _ = StatusWords.TryParse(key.Status, out KeyStatus status);
        return KeyStanding.Of(status, _snapshots.Current.Keys.GetValueOrDefault(id)?.Trouble, TroubleOf(id), live?.PausedUntil is not null, isLowered);
    }

    /// <summary>When a key was last used, where that happened since the feed began; null otherwise. Unix milliseconds, some seconds late.</summary>
    public long? LastUsed(Guid apiKeyId) => _news.LastUsed(apiKeyId);

    /// <summary>What is wrong with the key's queries now; null while nothing is.</summary>
    public KeyHealth.Trouble? TroubleOf(Guid apiKeyId) => _health.Of(apiKeyId);

    public void Dispose() => _timer.Dispose();

    private async Task TickAsync()
    {
        // A tick that takes longer than a second is not overtaken.
        if (Interlocked.Exchange(ref _isTicking, 1) == 1)
            return;
        try
        {
            Sample();
            if (_ticks++ % TicksBetweenLastUsed == 0)
                await _news.ReadOnAsync(CancellationToken.None);

            foreach (var page in _pages)
                page();
        }
        catch (Exception failure)   // a timer has nobody to tell; the next tick tries again
        {
            Log.Failed(_logger, failure);
        }
        finally
        {
            Interlocked.Exchange(ref _isTicking, 0);
        }
    }

    private void Sample()
    {
        Groups = _rateGroups.Figures();
        var snapshot = _snapshots.Current;
        if (!ReferenceEquals(snapshot, _seen))
        {
            _seen = snapshot;
            Revision++;
        }
    }

    private void Leave(Action tick)
    {
        lock (_gate)
        {
            _pages = _pages.Remove(tick);
            if (_pages.IsEmpty)
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Subscription(LiveFeed feed, Action tick) : IDisposable
    {
        public void Dispose() => feed.Leave(tick);
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "The live figures could not be read")]
        public static partial void Failed(ILogger logger, Exception failure);
    }
}
