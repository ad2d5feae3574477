using Keypace.Domain.Keys;

namespace Keypace.Server.Pacing.Ledger;

/// <summary>
/// Keys are about to go from one rate group to another. Until what comes along is noted for the group that they come into, that counts after an end of
/// the process whatever the one they leave does.
/// </summary>
/// <param name="Limit">Of the group that they leave.</param>
/// <param name="Credit">What that may have sent of which no note reached the disk (<see cref="StandingCredit"/>).</param>
/// <param name="Tokens">The same in tokens.</param>
internal sealed record GroupMove(Guid From, Guid To, RateLimit Limit, long Guard, int Credit, long Tokens)
{
    /// <summary>Tick at which it was noted.</summary>
    public long At { get; init; }

    public bool IsBetween(Guid from, Guid to) => From == from && To == to;
}
