using System.Globalization;
using Keypace.Domain.Hubs;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Management.StoredKeys;

/// <summary>Headers of its callers that a key lets pass to its hub beside those that pass for every key of the hub.</summary>
internal static class PassedHeaders
{
    public const int Most = 32;

    public static void Check(IReadOnlyList<string>? wanted, FieldProblems problems)
    {
        if (wanted is null)
            return;
        if (wanted.Count > Most)
            problems.Add(["body", "pass_headers"], $"A key names at most {Most} further headers.", "too_long");
        for (var i = 0; i < Math.Min(wanted.Count, Most); i++)
        {
            if (HeaderNames.WhyNotPass(Name(wanted[i])) is { } why)
                problems.Add(["body", "pass_headers", i.ToString(CultureInfo.InvariantCulture)], why, "value_error");
        }
    }

    /// <summary>As the row has them: lower-case names, each once, with a space between; null for none.</summary>
    public static string? Stored(IReadOnlyList<string>? wanted) =>
        wanted is { Count: > 0 } ? string.Join(' ', wanted.Select(Name).Distinct(StringComparer.Ordinal)) : null;

    private static string Name(string typed) => typed.Trim().ToLowerInvariant();
}
