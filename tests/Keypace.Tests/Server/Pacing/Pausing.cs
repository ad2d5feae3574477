using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Tests.Server.Pacing;

internal static class Pausing
{
    /// <summary>The hub said so, to a process before this one.</summary>
    public static void Pause(this PacedGroup group, PacingWorld world, TimeSpan forHowLong, string why) =>
        group.Recall(new KeptLessons(Guid.Empty, group.Id) { Pause = new KeptPause(world.Time.GetUtcNow() + forHowLong, why, 0) });
}
