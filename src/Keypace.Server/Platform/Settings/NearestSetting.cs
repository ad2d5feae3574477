namespace Keypace.Server.Platform.Settings;

/// <summary>The setting that a misspelled name most likely means.</summary>
internal static class NearestSetting
{
    public static SettingDeclaration To(string name)
    {
        var plain = Plain(name);
        return SettingsTable.All.MinBy(setting => Math.Min(
            Distance(plain, Plain(setting.Name)),
            // A name without its level, such as MaxBodyBytes, is a common slip.
            1 + Distance(plain, Plain(setting.Name[(setting.Name.LastIndexOf(':') + 1)..]))))!;
    }

    private static string Plain(string name) =>
        name.Replace("_", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Levenshtein's: how many letters to put in, take out or replace.</summary>
    private static int Distance(string one, string other)
    {
        one = one.Length > 64 ? one[..64] : one;
        var before = Enumerable.Range(0, other.Length + 1).ToArray();
        for (var row = 1; row <= one.Length; row++)
        {
            var current = new int[other.Length + 1];
            current[0] = row;
            for (var column = 1; column <= other.Length; column++)
            {
                var replaced = before[column - 1] + (one[row - 1] == other[column - 1] ? 0 : 1);
                current[column] = Math.Min(replaced, 1 + Math.Min(before[column], current[column - 1]));
            }

            before = current;
        }

        return before[^1];
    }
}
