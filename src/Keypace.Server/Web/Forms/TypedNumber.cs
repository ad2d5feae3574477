using System.Globalization;
using System.Text.RegularExpressions;

namespace Keypace.Server.Web.Forms;

/// <summary>Whole numbers as people type them: also in the way in which the pages write them, with thousands apart.</summary>
internal static partial class TypedNumber
{
    [GeneratedRegex(@"^-?\d{1,3}(?:[,'’ \u00a0\u202f]\d{3})+$", RegexOptions.CultureInvariant)]
    private static partial Regex Grouped { get; }

    /// <summary>Null for what is no whole number, or more than a <see langword="long"/> holds.</summary>
    public static long? Of(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        var text = typed.Trim();
        if (Grouped.IsMatch(text))
            text = string.Concat(text.Where(letter => char.IsAsciiDigit(letter) || letter == '-'));
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>As <see cref="Of"/>; null also for what a route takes as an <see langword="int"/> and is larger.</summary>
    public static int? Small(string typed) => Of(typed) is { } number and >= int.MinValue and <= int.MaxValue ? (int)number : null;

    /// <summary>The number, or the text as it is: the route refuses that in its own words.</summary>
    public static object OrText(string typed) => Of(typed) is { } number ? number : typed;
}
