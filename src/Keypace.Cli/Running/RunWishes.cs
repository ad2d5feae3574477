namespace Keypace.Cli.Running;

/// <summary>How a run is to be done.</summary>
/// <param name="AtOnce">Questions under way at once, at most; null: what fills the key's limit.</param>
/// <param name="Retries">Further tries of a question that failed for a reason that may pass.</param>
/// <param name="Caller">Name in the fair queue; null for none.</param>
/// <param name="FailFast">The first question that fails ends the run.</param>
internal sealed record RunWishes(int? AtOnce, int Retries, string? Caller, bool FailFast);
