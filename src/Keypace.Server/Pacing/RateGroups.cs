using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Server.Pacing;

/// <summary>
/// All rate groups of this process. A group is made when it is asked for and dropped when nothing it sent counts any more.
/// </summary>
internal sealed class RateGroups : IAsyncDisposable
{
    /// <summary>How often groups that send are looked at for having stopped. Only while any does.</summary>
    private static readonly TimeSpan RestEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>How often groups are looked at for being dropped. Only while there are any.</summary>
    private static readonly TimeSpan RetireEvery = TimeSpan.FromSeconds(10);

    /// <summary>How long a stop waits for permits that are out; they are about to be written or given back.</summary>
    private static readonly TimeSpan SettleWithin = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, PacedGroup> _groups = new();
    private readonly ConcurrentDictionary<PacedGroup, byte> _running = new();
    private long _sentOfDropped;
    private long _numbers;
    private readonly ITimer _restTimer;
    private readonly ITimer _retireTimer;
    private readonly Lock _watch = new();
    private bool _isWatching;
    private bool _isRetiring;
    private volatile bool _isStopping;

    /// <param name="lessons">Where what was learned outlives the process; null: nowhere.</param>
    public RateGroups(PacingOptions options, TimeProvider time, IGrantLedger ledger, ILessonStore? lessons = null)
    {
        Lessons = lessons ?? NoLessonStore.Instance;
        Options = options;
        Clock = new MonotonicClock(time);
        Ledger = ledger;
        var never = Timeout.InfiniteTimeSpan;
        _restTimer = time.CreateTimer(static groups => ((RateGroups)groups!).RestIdle(), this, never, never);
        _retireTimer = time.CreateTimer(static groups => ((RateGroups)groups!).RetireIdle(), this, never, never);
    }

    internal PacingOptions Options { get; }

    internal MonotonicClock Clock { get; }

    internal IGrantLedger Ledger { get; }

    /// <summary>Told of each group that is made, before its first query; null: nobody asks.</summary>
    internal Action<PacedGroup>? GroupMade { get; set; }

    internal ILessonStore Lessons { get; }

    /// <summary>What groups that were dropped have sent, for the pictures.</summary>
    internal PastHistories PastHistories { get; } = new();

    /// <summary>Groups in memory.</summary>
    public int Count => _groups.Count;

    public IEnumerable<PacedGroup> All => _groups.Select(group => group.Value);

    /// <summary>Sends since the start, those of groups that were dropped included.</summary>
    public long SentTotal => Interlocked.Read(ref _sentOfDropped) + All.Sum(group => group.SentCount);

    internal void CountDropped(long sends) => Interlocked.Add(ref _sentOfDropped, sends);

    /// <summary>The group; made with <paramref name="limit"/> when it is not there. One that is there keeps its own limit.</summary>
    public PacedGroup Get(Guid groupId, RateLimit limit) =>
        _groups.TryGetValue(groupId, out var group) ? group : Add(groupId, new GroupRules(limit));

    /// <summary>The group; made with <paramref name="rules"/> when it is not there. One that is there keeps its own rules.</summary>
    public PacedGroup Get(Guid groupId, GroupRules rules) =>
        _groups.TryGetValue(groupId, out var group) ? group : Add(groupId, rules);

    public bool TryGet(Guid groupId, [NotNullWhen(true)] out PacedGroup? group) => _groups.TryGetValue(groupId, out group);

    /// <summary>All groups in memory at a glance.</summary>
    public IReadOnlyDictionary<Guid, GroupFigures> Figures()
    {
        var figures = new Dictionary<Guid, GroupFigures>(_groups.Count);
        foreach (var (id, group) in _groups)
            figures[id] = group.Figures();

        return figures;
    }

    /// <summary>Rules from now on, for those who wait too. Quotas must be without fault.</summary>
    public void Configure(Guid groupId, GroupRules rules) => Get(groupId, rules).Configure(rules);

    /// <summary>Keys may be about to go from one group to another: before the store says that they have. Every one ends with <see cref="MoveOver"/>.</summary>
    /// <param name="rules">What rules the group that they leave.</param>
    /// <exception cref="IOException">The disk fails: they must stay.</exception>
    public ValueTask ForeseeMoveAsync(Guid from, GroupRules rules, Guid to) => Ledger.ForeseeAsync(new GroupMove(
        from, to, rules.Limit, MonotonicClock.NanosecondsOf(rules.Guard ?? Options.Guard),
        StandingCredit.Of(rules.Limit, rules.Quotas), StandingCredit.TokensUnseen(rules.Quotas)));

    /// <summary>They went, or stay.</summary>
    public void MoveOver(Guid from, Guid to) => Ledger.MoveOver(from, to);

    /// <summary>
    /// Keys of one secret go from one group to another: what counted counts there too, what waits goes along, and what runs counts in both. One
    /// step: see <see cref="PacedGroup.TryMove"/>. Before anybody is told of the new group.
    /// </summary>
    /// <param name="rulesBefore">What rules the group that they leave: one that is not in memory may count what a process before this one sent.</param>
    public void Move(Guid from, GroupRules rulesBefore, Guid to, MovingKeys keys)
    {
        while (!PacedGroup.TryMove(Get(from, rulesBefore), Get(to, keys.RulesThere), keys))
        {
            Drop(from);
            Drop(to);
        }
    }

    /// <summary>A number for a query that counts in several groups.</summary>
    internal long NextNumber() => Interlocked.Increment(ref _numbers);

    private void Drop(Guid groupId)
    {
        if (_groups.TryGetValue(groupId, out var group) && group.IsRetired)
            _groups.TryRemove(KeyValuePair.Create(groupId, group));
    }

    /// <summary>Ends every wait, takes no new query, lets permits that are out be used, and saves what was sent.</summary>
    public async Task StopAsync()
    {
        _isStopping = true;
        _restTimer.Dispose();
        _retireTimer.Dispose();
        var settled = Task.WhenAll(_groups.Values.Select(group => group.StopAsync()));
        try
        {
            await settled.WaitAsync(SettleWithin, Clock.Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whoever still holds a permit can no longer use it, or is counted as sent.
        }

        Ledger.Close([.. _groups.Values.Select(group => group.CloseAndSave())]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_isStopping)
            await StopAsync().ConfigureAwait(false);
    }

    /// <summary>The group that took over from a dropped one.</summary>
    internal PacedGroup Successor(PacedGroup retired)
    {
        _groups.TryRemove(KeyValuePair.Create(retired.Id, retired));
        return Get(retired.Id, retired.Rules);
    }

    /// <summary>The group sends: look now and then whether it still does.</summary>
    internal void Watch(PacedGroup group)
    {
        _running.TryAdd(group, 0);
        lock (_watch)
        {
            if (!_isWatching && !_isStopping)
            {
                _isWatching = true;
                _restTimer.Change(RestEvery, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private PacedGroup Add(Guid groupId, GroupRules rules)
    {
        var group = _groups.GetOrAdd(groupId, static (id, made) => new PacedGroup(id, made.rules, made.home), (rules, home: this));
        GroupMade?.Invoke(group);
        if (_isStopping)
            _ = group.StopAsync();

        lock (_watch)
        {
            if (!_isRetiring && !_isStopping)
            {
                _isRetiring = true;
                _retireTimer.Change(RetireEvery, Timeout.InfiniteTimeSpan);
            }
        }

        return group;
    }

    private void RestIdle()
    {
        var now = Clock.Now;
        foreach (var (group, _) in _running)
        {
            // Out of the list first: a group that begins to send in between puts itself back.
            if (_running.TryRemove(group, out _) && !group.TryRest(now))
                _running.TryAdd(group, 0);
        }

        lock (_watch)
        {
            _isWatching = !_running.IsEmpty && !_isStopping;
            if (_isWatching)
                _restTimer.Change(RestEvery, Timeout.InfiniteTimeSpan);
        }
    }

    private void RetireIdle()
    {
        var now = Clock.Now;
        foreach (var (_, group) in _groups)
        {
            if (group.TryRetire(now))
                _groups.TryRemove(KeyValuePair.Create(group.Id, group));
        }

        lock (_watch)
        {
            _isRetiring = !_groups.IsEmpty && !_isStopping;
            if (_isRetiring)
                _retireTimer.Change(RetireEvery, Timeout.InfiniteTimeSpan);
        }
    }
}
