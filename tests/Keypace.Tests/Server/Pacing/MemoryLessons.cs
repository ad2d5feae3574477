using Keypace.Domain.Pacing;

namespace Keypace.Tests.Server.Pacing;

/// <summary>What hubs taught, kept in memory from one process to the next.</summary>
internal sealed class MemoryLessons : ILessonStore
{
    private bool _isGone;

    public Dictionary<Guid, KeptLessons> Kept { get; private init; } = [];

    public MemoryLessons OfNextProcess()
    {
        _isGone = true;
        return new MemoryLessons { Kept = new(Kept) };
    }

    public IReadOnlyList<KeptLessons> Load() => [.. Kept.Values];

    public void Keep(KeptLessons lessons)
    {
        if (_isGone)
            return;

        if (lessons.IsEmpty)
            Kept.Remove(lessons.Source);
        else
            Kept[lessons.Source] = lessons;
    }

    public Task WrittenAsync() => Task.CompletedTask;
}
