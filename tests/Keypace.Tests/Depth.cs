namespace Keypace.Tests;

/// <summary>
/// How much a test with drawn cases tries. <c>./dev test</c> plays the usual number, <c>./dev test fast</c> an eighth of it (each test still runs), <c>./dev campaign</c> the
/// long form, and a run for mutants of the pacer a twenty-fifth.
/// </summary>
internal static class Depth
{
    private static readonly bool IsFast = IsSet("KEYPACE_FAST");
    private static readonly bool IsMutation = IsSet("KEYPACE_MUTATION");

    public static bool IsCampaign { get; } = IsSet("KEYPACE_CAMPAIGN");

    /// <summary>The number of cases, at least one.</summary>
    public static int Count(int usual, int campaign) =>
        IsCampaign ? campaign : IsMutation ? Math.Max(1, usual / 25) : IsFast ? Math.Max(1, usual / 8) : usual;

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) == "1";
}
