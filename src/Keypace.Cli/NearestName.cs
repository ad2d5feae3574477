namespace Keypace.Cli;

/// <summary>Finds what a person probably meant.</summary>
internal static class NearestName
{
    /// <summary>" Did you mean 'x'?", or nothing when nothing is near.</summary>
    public static string Hint(string typed, IEnumerable<string> there) =>
        Find(typed, there) is { } near ? $" Did you mean '{near}'?" : "";

    /// <summary>Names of a team are compared without regard to case and to how letters are composed.</summary>
    public static bool Same(string left, string right) =>
        string.Equals(left.Trim().Normalize(), right.Trim().Normalize(), StringComparison.OrdinalIgnoreCase);

    /// <summary>The name with the fewest changes, if they are few: at most two, or a third of its length.</summary>
    public static string? Find(string typed, IEnumerable<string> there)
    {
        var most = Math.Max(2, typed.Length / 3);
        return there
            .Select(name => (Name: name, Changes: Changes(typed.ToUpperInvariant(), name.ToUpperInvariant())))
            .Where(one => one.Changes <= most && one.Changes < one.Name.Length)
            .OrderBy(one => one.Changes)
            .ThenBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => one.Name)
            .FirstOrDefault();
    }

    /// <summary>Optimal string alignment distance: letters added, removed, replaced, or two neighbours swapped.</summary>
    private static int Changes(string left, string right)
    {
        var rows = new int[left.Length + 1][];
        for (var i = 0; i <= left.Length; i++)
        {
            rows[i] = new int[right.Length + 1];
            rows[i][0] = i;
        }

        for (var j = 0; j <= right.Length; j++)
            rows[0][j] = j;

        for (var i = 1; i <= left.Length; i++)
        {
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = rows[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                rows[i][j] = Math.Min(replaced, Math.Min(rows[i - 1][j], rows[i][j - 1]) + 1);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    rows[i][j] = Math.Min(rows[i][j], rows[i - 2][j - 2] + 1);
            }
        }

        return rows[left.Length][right.Length];
    }
}
