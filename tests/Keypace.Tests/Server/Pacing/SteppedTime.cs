using Microsoft.Extensions.Time.Testing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>Virtual time whose wall clock can be set without the monotonic one noticing, and which knows when its next timer is due.</summary>
internal sealed class SteppedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly List<DueTimer> _timers = [];

    public TimeSpan WallStep { get; set; }

    /// <summary>How long until the next timer calls back; null when none is set.</summary>
    public TimeSpan? NextDue => _timers.Min(timer => timer.DueAt) is { } due ? due - base.GetUtcNow() : null;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallStep;

    public override long GetTimestamp() => base.GetTimestamp() - WallStep.Ticks;   // the base takes it from the wall clock

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new DueTimer(this, callback, state, dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    private sealed class DueTimer : ITimer
    {
        private readonly SteppedTime _time;
        private readonly ITimer _timer;
        private TimeSpan _period;

        public DueTimer(SteppedTime time, TimerCallback callback, object? state, TimeSpan due, TimeSpan period)
        {
            _time = time;
            Set(due, period);
            _timer = time.CreateInner(_ =>
            {
                Set(_period, _period);
                callback(state);
            }, due, period);
        }

        public DateTimeOffset? DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Set(dueTime, period);
            return _timer.Change(dueTime, period);
        }

        public void Dispose()
        {
            _time._timers.Remove(this);
            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Set(TimeSpan due, TimeSpan period) =>
            (_period, DueAt) = (period, due < TimeSpan.Zero ? null : _time.BaseNow + due);
    }

    private DateTimeOffset BaseNow => base.GetUtcNow();

    private ITimer CreateInner(TimerCallback callback, TimeSpan due, TimeSpan period) => base.CreateTimer(callback, null, due, period);
}
