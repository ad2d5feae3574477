using System.Globalization;
using Keypace.Domain;

namespace Keypace.Server.Management.Changes;

/// <summary>A change that was meant for an earlier state of the thing: says field by field what it is now and what was sent.</summary>
internal static class Stale
{
    public static Refusal Refuse(string what, int version, int yours, IReadOnlyList<(string Field, object? Theirs, object? Yours)> pairs)
    {
        var fields = pairs.Count == 0
            ? "What you sent is what it has."
            : string.Join(" ", pairs.Select(pair => $"{pair.Field}: now {Show(pair.Theirs)}, you sent {Show(pair.Yours)}."));
        return new Refusal(RefusalReason.Stale, "stale_version",
            $"{what} was changed since you read it: it has version {version}, you sent {yours}. {fields} Read it again and repeat what you still want.");
    }

    private static string Show(object? value)
    {
        const int longest = 200;
        var text = value is string given ? $"'{given}'" : Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } shown ? shown : "nothing";
        return text.Length > longest ? text[..longest] + "…" : text;
    }
}
