using System.Globalization;
using Keypace.Domain;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Features.Usage;

/// <param name="By">One of <see cref="Groupings"/>.</param>
/// <param name="Since">Unix seconds, included.</param>
/// <param name="Until">Unix seconds, not included.</param>
internal sealed record UsageQuestion(string By, long Since, long Until)
{
    public static readonly IReadOnlyList<string> Groupings = ["key", "caller", "agent", "model", "minute", "hour", "day"];

    /// <summary>What is summed when nobody says since when: the last day.</summary>
    private const long UsualSeconds = 86_400;

    /// <summary>Minutes are counted over two days at most: a year of them would be half a million rows.</summary>
    private const long MostSecondsByMinute = 2 * 86_400;

    private const long MostSeconds = 253_402_300_799;   // the end of the year 9999

    public static Outcome<UsageQuestion> Parse(Func<string, string?> query, DateTimeOffset now)
    {
        var problems = new FieldProblems();
        var by = query("by") is { Length: > 0 } given ? given : "key";
        if (!Groupings.Contains(by))
            problems.Add(["query", "by"], $"Usage is summed by {string.Join(", ", Groupings)}.", "enum");
        var until = Seconds(query, "until", problems) ?? now.ToUnixTimeSeconds() + 1;
        var since = Seconds(query, "since", problems) ?? Math.Max(0, until - UsualSeconds);
        if (problems.Refusal is null && since > until)
            problems.Add(["query", "since"], "since must not be after until. Both are in Unix seconds.", "value_error");
        else if (problems.Refusal is null && by == "minute" && until - since > MostSecondsByMinute)
            problems.Add(["query", "since"], "By minute, at most two days are summed. Ask for a shorter time, or by hour.", "value_error");
        return problems.Refusal is { } refusal ? refusal : new UsageQuestion(by, since, until);
    }

    private static long? Seconds(Func<string, string?> query, string name, FieldProblems problems)
    {
        if (query(name) is not { Length: > 0 } text)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= MostSeconds)
            return seconds;
        problems.Add(["query", name], "This is a moment in Unix seconds, a whole number.", "int_parsing");
        return null;
    }
}
