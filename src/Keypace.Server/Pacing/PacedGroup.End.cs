using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Ledger;

namespace Keypace.Server.Pacing;

/// <summary>How a rate group comes to rest, is dropped, and stops.</summary>
internal sealed partial class PacedGroup
{
    private TaskCompletionSource? _settled;

    /// <summary>
    /// A group that sent nothing for this long is noted as resting, so that a crash finds it idle: half an interval, so that one that was idle for a
    /// whole one never waits after a crash, and at most two seconds. Not less than that for the usual limits: a key that is used once a second
    /// would cost two lines and a flush a query.
    /// </summary>
    private long RestAfter => Math.Clamp(_pacer.Limit.Seconds * SendWindow.Second / 2, SendWindow.Second / 2, 2 * SendWindow.Second);

    /// <summary>True when it rests now: it waits for nothing, has nothing out and sent nothing lately.</summary>
    internal bool TryRest(long now)
    {
        lock (Gate)
        {
            if (!_credit.IsRunning)
                return true;

            _credit.Open();
            _pacer.ForgetKept(_clock.Time.GetUtcNow(), now);
            return _credit.TryRest(now, RestAfter);
        }
    }

    /// <summary>True when a new group would do the same: this one forwards from now on.</summary>
    internal bool TryRetire(long now)
    {
        lock (Gate)
        {
            var hasLessons = _learning.HasLessons(now);
            _isRetired |= !_credit.IsRunning && !hasLessons && _pacer.IsIdle(now) && !_pacer.IsAnyRunning && _departures?.AwaitsLate(now) != true && !_isStopping;
            if (_isRetired)
            {
                _timer?.Dispose();
                _timer = null;
                _home.CountDropped(_view.Leave(_home.PastHistories, now));
                _home.Ledger.Forget(Id);
            }

            return _isRetired;
        }
    }

    /// <summary>Ends every wait and takes no new query; the task completes when no permit is out.</summary>
    internal Task StopAsync()
    {
        using var step = Begin();
        _isStopping = true;
        _timer?.Dispose();
        _timer = null;
        _pacer.GiveBackAll(step.Changed);
        foreach (var ticket in step.Changed)
            ((Turn)ticket).IsShutDown = true;

        _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _settled.Task;
    }

    /// <summary>What counts now; permits that are still out count as sent, and those not yet leaving can no longer leave.</summary>
    internal SavedWindow CloseAndSave()
    {
        lock (Gate)
        {
            IsClosed = true;
            var now = _clock.Now;
            long[] stamps = [.. _pacer.Sends(now).SelectMany(static send => Enumerable.Repeat(send.At, (int)send.Amount)), .. Enumerable.Repeat(now, _pacer.Outstanding)];
            return new SavedWindow(Id, _pacer.Limit, _pacer.Guard, stamps, _credit.LastUses(now));
        }
    }

    private void SettleUnderLock()
    {
        if (_settled is not null && _pacer.Outstanding == 0)
            _settled.TrySetResult();
    }
}
