using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Shown;
using Keypace.Server.Pacing.UnderLock;

namespace Keypace.Server.Pacing;

/// <summary>What a group's host shows: <see cref="GroupView"/>.</summary>
internal sealed partial class PacedGroup
{
    /// <summary>Sends since the start, or since it was dropped before.</summary>
    public long SentCount => _view.SentCount;

    /// <summary>Everything that the hub's headers said last about limits, of whatever kind; for people, it decides nothing. Null when they said nothing yet.</summary>
    public HubReadings? Heard
    {
        get => _view.Heard;
        set => _view.Heard = value;
    }

    public int Remaining
    {
        get
        {
            lock (Gate)
                return _pacer.Remaining(_clock.Now);
        }
    }

    public TimeSpan GuardNow
    {
        get
        {
            lock (Gate)
                return MonotonicClock.SpanOf(_pacer.Guard);
        }
    }

    public GroupStatus Status()
    {
        lock (Gate)
            return _view.Status(_clock.Now);
    }

    /// <summary>The few numbers that are shown for many groups once a second: no walk along the line.</summary>
    public GroupFigures Figures()
    {
        lock (Gate)
            return _view.Figures(_clock.Now);
    }

    /// <summary>What keeps the next query from going, or such a one by a pause of its own.</summary>
    public (BindingKind Kind, Quota? Quota) Binding(in QueryNeed need)
    {
        lock (Gate)
            return _view.Binding(need, _clock.Now);
    }
}
