using Keypace.Server.Web.Live;


namespace Keypace.Server.Web.Pages.Keys;

/// <summary>How the list is sorted, as the URL has it: <c>name</c>, <c>-waiting</c>.</summary>
internal static class KeyOrder
{
    public const string Usual = "name";

    public static IReadOnlyList<KeyLine> Sort(IEnumerable<KeyLine> lines, string sort, LiveFeed feed)
    {
        var field = sort.TrimStart('-');
        Func<KeyLine, IComparable?> valueOf = field switch
        {
            "hub" => line => line.HubName,
            "limit" => line => (double)line.Key.RateLimitPerInterval / line.Key.RateLimitInterval,
            "used" => line => feed.Of(line.Id) is { Limit: > 0 } live ? (double)live.Used / live.Limit : 0,
            "waiting" => line => feed.Of(line.Id)?.Waiting ?? 0,
            "agents" => line => line.Agents.Count,
            "last_used" => line => feed.LastUsed(line.Id) / 1000 ?? line.Key.LastUsedAt ?? 0,
            "status" => line => line.Key.Status,
            _ => line => line.Key.Name,
        };
        var byName = lines.OrderBy(line => line.Key.Name, StringComparer.OrdinalIgnoreCase);
        if (field is Usual)
            return sort.StartsWith('-') ? [.. byName.Reverse()] : [.. byName];
        // Equal ones stay in the order of their names.
        return sort.StartsWith('-') ? [.. byName.OrderByDescending(valueOf)] : [.. byName.OrderBy(valueOf)];
    }

    /// <summary>Numbers are wanted largest first.</summary>
    public static string Toggle(string current, string field) =>
        current == field ? "-" + field : current == "-" + field ? field : field is "used" or "waiting" or "agents" or "last_used" or "limit" ? "-" + field : field;
}
