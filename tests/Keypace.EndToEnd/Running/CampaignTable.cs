using Keypace.Demo;

namespace Keypace.EndToEnd;

/// <summary>The rows that <c>./dev campaign pacing</c> prints; nothing is written in an ordinary run.</summary>
internal static class CampaignTable
{
    private static readonly Lock Gate = new();

    public static void Add(string what, TimeSpan took, string measured, string goal)
    {
        if (Environment.GetEnvironmentVariable("KEYPACE_CAMPAIGN_TABLE") is { Length: > 0 } file)
        {
            lock (Gate)
                File.AppendAllText(file, string.Create(Wire.Culture, $"| {what} | {took.TotalSeconds:N0} s | {measured} | {goal} |\n"));
        }
    }
}
