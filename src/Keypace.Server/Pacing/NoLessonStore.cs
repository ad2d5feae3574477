using Keypace.Domain.Pacing;

namespace Keypace.Server.Pacing;

/// <summary>For tests and benches: keeps nothing.</summary>
internal sealed class NoLessonStore : ILessonStore
{
    public static NoLessonStore Instance { get; } = new();

    public IReadOnlyList<KeptLessons> Load() => [];

    public void Keep(KeptLessons lessons)
    {
    }

    public Task WrittenAsync() => Task.CompletedTask;
}
