namespace Keypace.Domain.Pacing;

/// <summary>What a process before this one sent, as its records of usage say.</summary>
/// <param name="At">When, or a little later: it counts from then.</param>
/// <param name="Model">The hub's own name of the model; null when unknown.</param>
/// <param name="Requests">Sends.</param>
/// <param name="InputTokens">Of all of them together; 0 where the hub said nothing.</param>
/// <param name="OutputTokens">The same.</param>
public readonly record struct PastUse(DateTimeOffset At, string? Model, long Requests, long InputTokens, long OutputTokens);
