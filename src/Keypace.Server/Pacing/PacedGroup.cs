using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing;

/// <summary>
/// One rate group in this process: a gate, a timer and the pacer. What has a name of its own lies beside it, in <see cref="UnderLock"/>: the credit that its
/// ledger gives, what rules it, what its hub teaches, what is shown. A query that finds a permit free and nobody waiting costs the lock and one object.
/// </summary>
internal sealed partial class PacedGroup : IGrantHolder
{
    [ThreadStatic]
    private static List<Ticket>? s_changed;

    private readonly RateGroups _home;
    private readonly MonotonicClock _clock;
    private readonly Pacer _pacer;
    private readonly GroupCredit _credit;
    private readonly GroupTerms _terms;
    private readonly GroupLearning _learning;
    private readonly GroupView _view;
    private ITimer? _timer;
    private long _armedFor = long.MaxValue;
    private bool _isStopping;
    private bool _isRetired;

    internal PacedGroup(Guid id, GroupRules rules, RateGroups home)
    {
        Id = id;
        _home = home;
        _clock = home.Clock;
        _pacer = new Pacer(
            rules.Limit,
            MonotonicClock.NanosecondsOf(rules.Guard ?? home.Options.Guard),
            new QueueBounds(home.Options.QueueLimit, home.Options.CallerQueueLimit)) { GrantUntil = long.MinValue };
        _credit = new GroupCredit(this, _pacer, _clock, home.Ledger);
        _terms = new GroupTerms(id, rules, _pacer, _clock, home.Options, _credit);
        _learning = new GroupLearning(id, _terms, _pacer, _clock, home.Lessons);
        _view = new GroupView(id, _pacer, _clock, _terms, _learning, _credit, unknownUntil: _credit.Recall(rules));
        _pacer.KnowsSince = _clock.Now;
        _terms.Apply(rules, _clock.Now);
        _credit.RecallUses(rules);
        _terms.TookOver();
    }

    public Guid Id { get; }

    /// <summary>Guards the pacer, every turn in it, and all that lies beside it. Never held while anything waits.</summary>
    internal Lock Gate { get; } = new();

    /// <summary>Its window is saved: nothing may be sent any more.</summary>
    internal bool IsClosed { get; private set; }

    /// <summary>It was dropped: another one takes its place.</summary>
    internal bool IsRetired
    {
        get
        {
            lock (Gate)
                return _isRetired;
        }
    }

    internal GroupRules Rules
    {
        get
        {
            lock (Gate)
                return _terms.Rules;
        }
    }

    /// <summary>The ledger moved: somebody who was held back may go.</summary>
    public void Kick()
    {
        using var step = Begin();
        _credit.Moved();
    }

    /// <summary>Takes what was sent since the last block, for the ledger; null when it sends no longer.</summary>
    public GrantBlock? NextBlock()
    {
        lock (Gate)
            return _credit.NextBlock(IsClosed);
    }

    /// <summary>The block is with the system, or could not be written.</summary>
    public void BlockEnded(long? note)
    {
        using var step = Begin();
        _credit.BlockEnded(note);
    }

    private void OnTimer()
    {
        using var step = Begin();
        _armedFor = long.MaxValue;
    }

    /// <summary>
    /// The one way in which anything changes here: under the lock, at one moment. At its end whoever may go is granted, the timer is set to what comes next, and
    /// outside of the lock those are woken whose turn is near, has come or will not come.
    /// </summary>
    private Step Begin()
    {
        var changed = s_changed ??= [];
        Gate.Enter();
        return new Step(this, _clock.Now, changed);
    }

    private readonly ref struct Step(PacedGroup group, long now, List<Ticket> changed)
    {
        public long Now => now;

        /// <summary>Whom to wake.</summary>
        public List<Ticket> Changed => changed;

        public void Dispose()
        {
            try
            {
                group.AdvanceUnderLock(now, changed);
            }
            finally
            {
                group.Gate.Exit();
            }

            WakeAll(changed);
        }
    }

    private void AdvanceUnderLock(long now, List<Ticket> changed)
    {
        SettleUnderLock();
        _credit.AskIfLow();
        if (_pacer.Waiting == 0 || _isStopping)
            return;

        if (_pacer.NeedsWall)
            _pacer.TellWall(_clock.Time.GetUtcNow(), now);

        _credit.Open();
        if (!_credit.IsRunning && _pacer.IsHeldBack(now))
        {
            RunUnderLock(now);
            _credit.Open();
        }

        _pacer.Advance(now, changed);
        _credit.AskIfLow();
        if (_credit.AwaitsLedger(now))
        {
            _credit.Open();   // the ledger may have moved just before it heard of us
            _pacer.Advance(now, changed);
        }

        ArmUnderLock(now);
    }

    private void RunUnderLock(long now)
    {
        if (_credit.TryRun(now))
            _home.Watch(this);
    }

    /// <summary>One timer, set to the next thing that can happen. It may come early: then it is set again.</summary>
    private void ArmUnderLock(long now)
    {
        var next = _pacer.NextEvent(now);
        if (next == long.MaxValue || (next >= _armedFor && _armedFor > now))
            return;

        // Whole milliseconds, up: timers take no less, and at zero a test's clock would call back under this lock.
        const long Millisecond = MonotonicClock.NanosecondsPerMillisecond;
        var dueMilliseconds = Math.Max(1, (next - now + Millisecond - 1) / Millisecond);
        _armedFor = now + (dueMilliseconds * Millisecond);
        var due = TimeSpan.FromMilliseconds(dueMilliseconds);
        if (_timer is null)
        {
            using var noFlow = ExecutionContext.SuppressFlow();   // the timer outlives the query that made it
            _timer = _clock.Time.CreateTimer(static group => ((PacedGroup)group!).OnTimer(), this, due, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
    }

    private static void WakeAll(List<Ticket> changed)
    {
        foreach (var ticket in changed)
            ((Turn)ticket).Wake();

        changed.Clear();
    }
}
