using System.Globalization;
using Keypace.Contracts;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Server.Management.Requests;

namespace Keypace.Server.Management.StoredKeys;

/// <summary><c>drop_params</c> of a key or an agent: members of its callers' queries that are left out where the hub's language has no place for them.</summary>
internal static class DroppedParams
{
    public const int Most = 64;

    private const int MostCharacters = 128;

    public static void Check(IReadOnlyList<string>? wanted, FieldProblems problems)
    {
        if (wanted is null or [DropParamsJson.All])
            return;
        if (wanted.Count > Most)
            problems.Add(["body", "drop_params"], $"At most {Most} members are named; true means all.", "too_long");
        for (var i = 0; i < Math.Min(wanted.Count, Most); i++)
        {
            if (wanted[i].Length is 0 or > MostCharacters || !wanted[i].All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.'))
            {
                problems.Add(["body", "drop_params", i.ToString(CultureInfo.InvariantCulture)],
                    "This is the name of a member, such as seed or response_format; dots for one inside another, no places in lists.", "value_error");
            }
        }
    }

    /// <summary>As the row has them: each once, with a space between; null for none.</summary>
    public static string? Stored(IReadOnlyList<string>? wanted) => wanted is { Count: > 0 } ? string.Join(' ', wanted.Distinct(StringComparer.Ordinal)) : null;
}
