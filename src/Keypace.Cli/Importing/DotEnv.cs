using System.Text;

namespace Keypace.Cli.Importing;

/// <summary>Reads a <c>.env</c> file: <c>NAME=value</c>, with <c>export</c>, quotes and comments as the usual loaders take them. Nothing is expanded or run.</summary>
internal static class DotEnv
{
    /// <exception cref="CommandFailure">A line is no assignment. Says which, and repeats nothing of it.</exception>
    public static Dictionary<string, string> Read(string text, string file)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        var lines = text.Split('\n');
        for (var number = 1; number <= lines.Length; number++)
        {
            var line = lines[number - 1].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            if (line.StartsWith("export ", StringComparison.Ordinal))
            {
                line = line["export ".Length..].TrimStart();
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            var name = equals > 0 ? line[..equals].TrimEnd() : "";
            if (name.Length == 0 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or '-') || Value(line[(equals + 1)..].Trim()) is not { } value)
            {
                throw CommandFailure.Usage($"Line {number} of '{file}' is not NAME=value. Nothing was stored.");
            }

            variables[name] = value;   // the last one counts, as in a shell
        }

        return variables;
    }

    /// <summary>The value without its quotes or the comment behind it; null when a quote is never closed.</summary>
    private static string? Value(string text)
    {
        if (text.Length == 0 || text[0] is not ('"' or '\''))
        {
            var comment = text.IndexOf(" #", StringComparison.Ordinal);
            return (comment < 0 ? text : text[..comment]).TrimEnd();
        }

        var (quote, value) = (text[0], new StringBuilder());
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                return value.ToString();
            }

            if (quote == '"' && text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
                value.Append(text[at] switch { 'n' => '\n', 't' => '\t', var plain => plain });
            }
            else
            {
                value.Append(text[at]);
            }
        }

        return null;
    }
}
