namespace Keypace.Tests.Domain.Pacing;

/// <summary>How many random lives a test plays: <see cref="Depth"/>.</summary>
internal static class Traces
{
    /// <summary><c>KEYPACE_SEED</c> repeats a life that failed.</summary>
    public static int FirstSeed(int usual = 1) => int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_SEED"), out var seed) ? seed : usual;

    /// <summary><c>KEYPACE_LIVES</c> plays so many instead, from <see cref="FirstSeed"/>: a long form in slices.</summary>
    public static int Count(int usual, int campaign) =>
        int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_LIVES"), out var lives) ? lives : Depth.Count(usual, campaign);

    public static int Steps(int usual, int campaign) => Depth.IsCampaign ? campaign : usual;
}
