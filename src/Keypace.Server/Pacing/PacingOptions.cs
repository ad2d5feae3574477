namespace Keypace.Server.Pacing;

/// <summary>Settings of section <c>Pacing</c>.</summary>
internal sealed class PacingOptions
{
    /// <summary>
    /// Added to every interval, so that a request that travels faster than the one before it still falls outside its window at the hub. 0
    /// to 5 s.
    /// </summary>
    public TimeSpan Guard { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Most queries that wait in one rate group.</summary>
    public int QueueLimit { get; set; } = 20_000;

    /// <summary>Most queries of one caller that wait in one rate group.</summary>
    public int CallerQueueLimit { get; set; } = 12_000;

    /// <summary>Longest wait for a permit. Below the 300 s after which Node's fetch gives up.</summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(240);

    /// <summary>What is wrong with these settings, in words; null when nothing is.</summary>
    public string? Fault() =>
        Guard < TimeSpan.Zero || Guard > TimeSpan.FromSeconds(5) ? "Pacing:Guard must be 0 to 5 s."
        : QueueLimit is < 1 or > 1_000_000 ? "Pacing:QueueLimit must be 1 to 1,000,000."
        : CallerQueueLimit is < 1 or > 1_000_000 ? "Pacing:CallerQueueLimit must be 1 to 1,000,000."
        : MaxWait <= TimeSpan.Zero || MaxWait > TimeSpan.FromDays(1) ? "Pacing:MaxWait must be more than 0 and at most a day."
        : null;
}
