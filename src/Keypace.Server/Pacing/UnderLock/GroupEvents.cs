using Keypace.Domain.Pacing;
using Keypace.Server.Pacing.Shown;

namespace Keypace.Server.Pacing.UnderLock;

/// <summary>What one rate group's pacer did by itself lately. Everything runs under the group's lock.</summary>
internal sealed class GroupEvents(MonotonicClock clock)
{
    private const int Most = 50;

    private readonly Queue<GroupEvent> _events = new();

    public void Note(PacingEvent what)
    {
        if (_events.Count == Most)
            _events.Dequeue();

        _events.Enqueue(new GroupEvent(clock.WallAt(what.At, what.At), what));
    }

    public IReadOnlyList<GroupEvent> NewestFirst() => [.. _events.Reverse()];
}
