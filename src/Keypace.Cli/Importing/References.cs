using System.Text;

namespace Keypace.Cli.Importing;

/// <summary>
/// References to other variables in a value: <c>$NAME</c>, <c>${NAME}</c>, <c>${NAME:-otherwise}</c> (also where it is empty) and
/// <c>${NAME-otherwise}</c> (only where it is not set). Commands and a shell's other forms are not read.
/// </summary>
internal static class References
{
    /// <param name="isEscaped">A backslash stands before what is meant as it is: <c>\n</c>, <c>\"</c>, <c>\$</c>.</param>
    /// <param name="look">A variable's value; null when it is not set.</param>
    /// <param name="filled">The text with the values in place of the references.</param>
    /// <returns>Null when all could be filled in, otherwise why not, as a clause.</returns>
    public static string? Fill(string text, bool isEscaped, Func<string, string?> look, out string filled)
    {
        var value = new StringBuilder(text.Length);
        filled = "";
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && (isEscaped || text[at + 1] == '$'))
            {
                at++;
                value.Append(text[at] switch { 'n' => '\n', 'r' => '\r', 't' => '\t', var plain => plain });
                continue;
            }

            var rest = text.AsSpan(at);
            if (rest is ['$', '(', ..] or ['`', ..])
                return "it would run a command";

            if (rest is not (['$', '{', ..] or ['$', '_' or (>= 'A' and <= 'Z') or (>= 'a' and <= 'z'), ..]))
            {
                value.Append(text[at]);
                continue;
            }

            if (Take(rest, look, out var found, out var length) is { } why)
                return why;

            value.Append(found);
            at += length - 1;
        }

        filled = value.ToString();
        return null;
    }

    private static string? Take(ReadOnlySpan<char> text, Func<string, string?> look, out string? found, out int length)
    {
        found = null;
        var isBraced = text[1] == '{';
        var name = text[(isBraced ? 2 : 1)..];
        var letters = 0;
        while (letters < name.Length && (char.IsAsciiLetterOrDigit(name[letters]) || name[letters] == '_'))
            letters++;

        var rest = name[letters..];
        name = name[..letters];
        length = text.Length - rest.Length;
        var value = look(name.ToString());
        if (isBraced)
        {
            var end = rest.IndexOf('}');
            if (name.IsEmpty || end < 0)
                return "it has a reference that is not read here";

            length += end + 1;
            var otherwise = rest[..end];
            if (otherwise.StartsWith(":-"))
                value = string.IsNullOrEmpty(value) ? otherwise[2..].ToString() : value;
            else if (otherwise.StartsWith("-"))
                value ??= otherwise[1..].ToString();
            else if (!otherwise.IsEmpty)
                return "it has a reference that is not read here";
        }

        found = value;
        return value is null ? "it refers to a variable that is not set; single quotes around it keep a $ as it is" : null;
    }
}
