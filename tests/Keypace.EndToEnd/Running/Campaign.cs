namespace Keypace.EndToEnd;

/// <summary>Short by default; <c>./dev campaign</c> runs the long forms with seeds of its own.</summary>
internal static class Campaign
{
    private static bool IsOn => Environment.GetEnvironmentVariable("KEYPACE_CAMPAIGN") == "1";

    public static int Or(int usual, int campaign) => IsOn ? campaign : usual;

    /// <summary><c>KEYPACE_SEED</c> repeats a run that failed.</summary>
    public static int Seed() =>
        int.TryParse(Environment.GetEnvironmentVariable("KEYPACE_SEED"), out var seed) ? seed : IsOn ? Environment.ProcessId : 1;
}
