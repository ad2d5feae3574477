using Keypace.Domain.Keys;

namespace Keypace.Server.Pacing;

/// <summary>
/// What a group may send between the moment it wakes and the moment its note is on the disk. After a power failure every group is taken to
/// have sent this much.
/// </summary>
internal static class StandingCredit
{
    public static int Of(RateLimit limit) => Math.Max(1, limit.Count / 20);
}
