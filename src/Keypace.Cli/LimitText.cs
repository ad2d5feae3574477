using System.CommandLine;
using System.Globalization;

namespace Keypace.Cli;

/// <summary>A rate limit on a command line: <c>--limit 600/60</c>, or <c>--requests 600 --seconds 60</c>.</summary>
internal sealed class LimitText
{
    private const int MostRequests = 1_000_000;
    private const int MostSeconds = 86_400;

    private readonly Option<string?> _limit = Grammar.Text("--limit", "At most N requests in any T seconds: 600/60", "N/T");
    private readonly Option<int?> _requests = Grammar.Number("--requests", "The N of the limit, 1 to 1,000,000", "N");
    private readonly Option<int?> _seconds = Grammar.Number("--seconds", "The T of the limit in seconds, 1 to 86,400", "T");

    public IEnumerable<Option> Options => [_limit, _requests, _seconds];

    /// <summary>What was given; null for what was not.</summary>
    public (int? Requests, int? Seconds) Read(ParseResult parsed)
    {
        var text = parsed.GetValue(_limit);
        var requests = parsed.GetValue(_requests);
        var seconds = parsed.GetValue(_seconds);
        if (text is not null)
        {
            if (requests is not null || seconds is not null)
                throw CommandFailure.Usage("Give the limit either with --limit or with --requests and --seconds.");

            (requests, seconds) = Parse(text);
        }

        return requests is < 1 or > MostRequests || seconds is < 1 or > MostSeconds
            ? throw CommandFailure.Usage("A limit is 1 to 1,000,000 requests in 1 to 86,400 seconds.")
            : (requests, seconds);
    }

    /// <summary>The same from a file; nothing at all is no limit, and right.</summary>
    public static bool TryParse(string text, out (int Requests, int Seconds)? limit)
    {
        limit = null;
        if (text.Length == 0)
            return true;

        var parts = text.Split('/', StringSplitOptions.TrimEntries);
        if (parts.Length != 2 || !Whole(parts[0], out var requests) || !Whole(parts[1].TrimEnd('s').TrimEnd(), out var seconds)
            || requests is < 1 or > MostRequests || seconds is < 1 or > MostSeconds)
        {
            return false;
        }

        limit = (requests, seconds);
        return true;
    }

    private static (int Requests, int Seconds) Parse(string text)
    {
        var parts = text.Split('/', StringSplitOptions.TrimEntries);
        return parts.Length == 2 && Whole(parts[0], out var requests) && Whole(parts[1].TrimEnd('s').TrimEnd(), out var seconds)
            ? (requests, seconds)
            : throw CommandFailure.Usage("--limit takes requests/seconds, such as 600/60.");
    }

    private static bool Whole(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
