using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>The inside of a rate group's host: steps, its timer, the ledger. Everything private here runs under the lock.</summary>
internal sealed partial class PacedGroup
{
    private ITimer? _timer;
    private long _armedFor = long.MaxValue;
    private RunNote? _note;      // it runs: the ledger knows that it sends
    private bool _isDurable;
    private bool _awaitsKick;
    private long _heldSince;     // with _awaitsKick
    private long _ranAt;

    /// <summary>The ledger moved: somebody who was held back may go.</summary>
    public void Kick()
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            (_awaitsKick, _hasBlockFailed) = (false, false);
            Step(_clock.Now, changed);
        }

        WakeAll(changed);
    }

    private void Step(long now, List<Ticket> changed)
    {
        if (_settled is not null)
        {
            SettleIfDone();
        }

        if (_pacer.Allowance <= _blockAt || WantsTokens)
        {
            WantBlock();
        }

        if (_pacer.Waiting == 0 || _isStopping)
        {
            return;
        }

        if (_pacer.NeedsWall)
        {
            _pacer.TellWall(_clock.Time.GetUtcNow(), now);
        }

        OpenGates();
        if (_note is null && _pacer.IsHeldBack(now))
        {
            Run(now);
            OpenGates();
        }

        _pacer.Advance(now, changed);
        if (_pacer.Allowance <= _blockAt || WantsTokens)
        {
            WantBlock();
        }

        if (!_awaitsKick && (!_isDurable || now >= _pacer.GrantUntil) && _pacer.IsHeldBack(now))
        {
            (_awaitsKick, _heldSince) = (true, now);
            _home.Ledger.KickWhenMoved(this);
            OpenGates();   // the ledger may have moved just before it heard of us
            _pacer.Advance(now, changed);
        }

        Arm(now);
    }

    private void Run(long now)
    {
        var credit = StandingCredit.Of(_pacer.Limit, _rules.Quotas);
        var tokens = FirstTokens();
        _note = _home.Ledger.TryRun(Id, _pacer.Limit, _pacer.Guard, credit, _uses?.Take(tokens));
        if (_note is not { } note)
        {
            return;
        }

        _isDurable = _home.Ledger.IsDurable(note.Note);
        _ranAt = now;
        BeginBlocks(note.HasBlocks, credit, tokens);
        _home.Watch(this);
    }

    private void OpenGates()
    {
        if (_note is not { } note)
        {
            _pacer.GrantUntil = long.MinValue;
            return;
        }

        if (!_isDurable && _home.Ledger.IsDurable(note.Note))
        {
            _isDurable = true;
            ReleaseHeld();
        }

        if (_mustBeDurable > long.MinValue)
        {
            if (!_home.Ledger.IsDurable(_mustBeDurable))
            {
                _pacer.GrantUntil = long.MinValue;
                return;
            }

            _mustBeDurable = long.MinValue;
        }

        _pacer.GrantUntil = _isDurable ? _home.Ledger.MayGrantUntil : Math.Max(note.Until, _home.Ledger.MayGrantUntil);
    }

    private void NoteLimit()
    {
        if (_note is not null)
        {
            _home.Ledger.ChangeLimit(Id, _pacer.Limit, _pacer.Guard);
        }
    }

    /// <summary>One timer, set to the next thing that can happen. It may come early: then it is set again.</summary>
    private void Arm(long now)
    {
        var next = _pacer.NextEvent(now);
        if (next == long.MaxValue || (next >= _armedFor && _armedFor > now))
        {
            return;
        }

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

    private void OnTimer()
    {
        var changed = s_changed ??= [];
        lock (Gate)
        {
            _armedFor = long.MaxValue;
            Step(_clock.Now, changed);
        }

        WakeAll(changed);
    }

    private static void WakeAll(List<Ticket> changed)
    {
        foreach (var ticket in changed)
        {
            ((Turn)ticket).Wake();
        }

        changed.Clear();
    }
}
