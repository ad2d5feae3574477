namespace Keypace.Tests.Domain.Pacing;

/// <summary>How many random lives a test plays: usually; many in <c>./dev campaign</c>; a few for every mutant of the pacer.</summary>
internal static class Traces
{
    private static readonly bool IsCampaign = Environment.GetEnvironmentVariable("KEYPACE_CAMPAIGN") == "1";
    private static readonly bool IsMutation = Environment.GetEnvironmentVariable("KEYPACE_MUTATION") == "1";

    /// <summary><c>KEYPACE_SEED</c> repeats a life that failed.</summary>
    public static int FirstSeed(int usual = 1) => int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_SEED"), out var seed) ? seed : usual;

    public static int Count(int usual, int campaign) => IsCampaign ? campaign : IsMutation ? Math.Max(1, usual / 25) : usual;

    public static int Steps(int usual, int campaign) => IsCampaign ? campaign : usual;
}
