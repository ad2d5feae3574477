using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>How a rate group comes to rest, is dropped, and stops.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>
    /// A group that sent nothing for this long is noted as resting, so that a crash finds it idle: half an interval, so that one that was idle for a
    /// whole one never waits after a crash, and at most two seconds. Not less than that for the usual limits: a key that is used once a second
    /// would cost two lines and a flush a query.
    /// </summary>
    private long RestAfter => Math.Clamp(_pacer.Limit.Seconds * SendWindow.Second / 2, SendWindow.Second / 2, 2 * SendWindow.Second);

    private TaskCompletionSource? _settled;

    /// <summary>True when it rests now: it waits for nothing, has nothing out and sent nothing lately.</summary>
    internal bool TryRest(long now)
    {
        lock (Gate)
        {
            if (_note is null)
            {
                return true;
            }

            // Not before its note of running is on the disk: the next one would bring another standing credit, and a start after a power
            // failure counts one.
            OpenGates();
            _pacer.ForgetKept(_clock.Time.GetUtcNow(), now);
            if (_pacer.Waiting > 0 || _pacer.Outstanding > 0 || _awaitsBlock || !_isDurable || now - Math.Max(_pacer.LastSent, _ranAt) < RestAfter)
            {
                WantOldSaved(now);
                return false;
            }

            _home.Ledger.Rest(Id, _pacer.Limit, _pacer.Guard, _unsaved?.Take() ?? [], _uses?.Take(0));
            _note = null;
            EndBlocks();
            return true;
        }
    }

    /// <summary>True when a new group would do the same: this one forwards from now on.</summary>
    internal bool TryRetire(long now)
    {
        lock (Gate)
        {
            var hasLessons = HasLessons(now);
            _isRetired |= _note is null && !hasLessons && _pacer.IsIdle(now) && !_pacer.IsAnyRunning && !AwaitsLate(now) && !_isStopping;
            if (_isRetired)
            {
                _timer?.Dispose();
                _timer = null;
                _home.CountDropped(_sent);
                _sent = 0;
                if (_history is { } history && !history.IsOver(now))
                {
                    _home.KeepHistory(Id, history);
                    _history = null;
                }
                _home.Ledger.Forget(Id);
            }

            return _isRetired;
        }
    }

    /// <summary>Ends every wait and takes no new query; the task completes when no permit is out.</summary>
    internal Task StopAsync()
    {
        var changed = new List<Ticket>();
        Task settled;
        lock (Gate)
        {
            _isStopping = true;
            _timer?.Dispose();
            _timer = null;
            _pacer.GiveBackAll(changed);
            foreach (var ticket in changed)
            {
                ((Turn)ticket).IsShutDown = true;
            }

            _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            SettleIfDone();
            settled = _settled.Task;
        }

        WakeAll(changed);
        return settled;
    }

    /// <summary>What counts now; permits that are still out count as sent, and those not yet leaving can no longer leave.</summary>
    internal SavedWindow CloseAndSave()
    {
        lock (Gate)
        {
            IsClosed = true;
            var now = _clock.Now;
            var counting = _pacer.Counting(now);
            var stamps = new long[counting.Length + _pacer.Outstanding];
            counting.CopyTo(stamps, 0);
            Array.Fill(stamps, now, counting.Length, _pacer.Outstanding);
            if (_pacer.Outstanding > 0)
            {
                _uses?.Past(new PastUse(_clock.Time.GetUtcNow(), null, _pacer.Outstanding, _pacer.TokensOut, _pacer.TokensOut), now);
            }

            return new SavedWindow(Id, _pacer.Limit, _pacer.Guard, stamps, _uses?.Take(0));
        }
    }

    private void SettleIfDone()
    {
        if (_pacer.Outstanding == 0)
        {
            _settled!.TrySetResult();
        }
    }
}
