using System.Globalization;
using Keypace.Domain;

namespace Keypace.Server.Management.Requests;

/// <summary>Which part of a list is wanted. Nothing given means all of it, in the order in which things were made.</summary>
/// <param name="Limit">Null for all.</param>
/// <param name="Search">Only what has this in its name, without regard to case; null for all.</param>
/// <param name="Sort">A field's name, with a minus in front for the other way round; null for the order in which things were made.</param>
internal sealed record ListWindow(int? Limit = null, int Offset = 0, string? Search = null, string? Sort = null)
{
    public const int MostLimit = 10_000;

    public static readonly ListWindow All = new();

    /// <param name="query">A query parameter by its name; null when absent.</param>
    /// <param name="sorts">The fields that this list can be sorted by.</param>
    public static Outcome<ListWindow> Of(Func<string, string?> query, params ReadOnlySpan<string> sorts)
    {
        var problems = new FieldProblems();
        var limit = Number(query, "limit", 1, MostLimit, problems);
        var offset = Number(query, "offset", 0, int.MaxValue, problems) ?? 0;
        var sort = query("sort") is { Length: > 0 } given ? given : null;
        if (sort is not null && !sorts.Contains(sort.TrimStart('-')))
            problems.Add(["query", "sort"], $"This list sorts by {string.Join(", ", sorts!)}; a minus in front turns it round.", "value_error");
        return problems.Refusal is { } refusal
            ? refusal
            : new ListWindow(limit, (int)offset, query("q") is { Length: > 0 } q ? q : null, sort);
    }

    public static int? Number(Func<string, string?> query, string name, int least, int most, FieldProblems problems)
    {
        if (query(name) is not { Length: > 0 } text)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        problems.Add(["query", name], $"This is a whole number between {least:N0} and {most:N0}.", "int_parsing");
        return null;
    }

    public bool Matches(string name) => Search is null || name.Contains(Search, StringComparison.OrdinalIgnoreCase);

    public IEnumerable<T> Cut<T>(IEnumerable<T> all) => Limit is { } limit ? all.Skip(Offset).Take(limit) : all.Skip(Offset);

    /// <summary>Sorts when a sort is wanted; equal ones keep their order.</summary>
    public IEnumerable<T> Order<T>(IEnumerable<T> all, Func<T, string, IComparable?> valueOf)
    {
        if (Sort is null)
            return all;
        var field = Sort.TrimStart('-');
        return Sort.StartsWith('-')
            ? all.OrderByDescending(each => valueOf(each, field), FieldOrder.Instance)
            : all.OrderBy(each => valueOf(each, field), FieldOrder.Instance);
    }

    private sealed class FieldOrder : IComparer<IComparable?>
    {
        public static readonly FieldOrder Instance = new();

        public int Compare(IComparable? x, IComparable? y) => (x, y) switch
        {
            (string left, string right) => string.Compare(left, right, StringComparison.OrdinalIgnoreCase),
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            _ => x.CompareTo(y),
        };
    }
}
