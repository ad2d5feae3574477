namespace Keypace.Server.Web.Live;

/// <summary>What one key's limit is doing, as tables show it. Equal while nothing changed, so that a row is drawn anew only when it looks different.</summary>
/// <param name="Limit">Requests in the interval that rule now.</param>
/// <param name="Seconds">The interval.</param>
/// <param name="IsShared">True when another key has the same limit in common with it.</param>
/// <param name="PausedSeconds">Seconds until the pause ends, rounded up; 0 when not paused.</param>
public sealed record LiveKey(
    int Used, int Limit, int Seconds, int Waiting, bool IsShared, DateTimeOffset? PausedUntil, int PausedSeconds, string? PausedWhy);
