namespace Keypace.Cli.Importing;

/// <summary>
/// Reads a <c>.env</c> file as the usual loaders do: <c>NAME=value</c> with <c>export</c>, comments, and values in quotes, backquotes or none;
/// quoted ones may run over several lines. <c>$NAME</c>, <c>${NAME}</c> and <c>${NAME:-otherwise}</c> are filled in from the file and then from the
/// environment, except between single quotes and backquotes. Nothing is run. A line that is not understood is skipped and said, never taken for
/// something else: a reference that was stored as it stands would be a wrong secret.
/// </summary>
/// <param name="environment">Looks a variable up that the file does not set.</param>
internal sealed class DotEnv(Func<string, string?> environment)
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unread = new(StringComparer.Ordinal);

    /// <summary>Names that the file sets to something that is not understood.</summary>
    public IReadOnlySet<string> Unread => _unread;

    /// <param name="text">The whole file.</param>
    /// <param name="found">Is told which lines were skipped and why, without a word of what stands there.</param>
    /// <returns>The last value of each name, as in a shell.</returns>
    public IReadOnlyDictionary<string, string> Read(string text, Findings found)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var at = 0; at < lines.Length;)
        {
            var (why, last) = ReadAt(lines, at);
            if (why is not null)
                found.Skip($"line {at + 1}", why);

            at = last + 1;
        }

        return _variables;
    }

    /// <returns>Why the line is skipped, if it is, and the last line that was read.</returns>
    private (string? Why, int Last) ReadAt(string[] lines, int at)
    {
        var line = lines[at].Trim();
        if (line.Length == 0 || line[0] == '#')
            return (null, at);

        if (line.StartsWith("export ", StringComparison.Ordinal) || line.StartsWith("export\t", StringComparison.Ordinal))
            line = line["export ".Length..].TrimStart();

        var equals = line.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0 && line.Split('#')[0].Trim().All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or ' '))
        {
            return (null, at);   // a bare name declares a variable and gives it no value
        }

        var name = equals > 0 ? line[..equals].TrimEnd() : "";
        if (name.Length == 0 || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '.' or '-'))
            return ("it is not NAME=value", at);

        var value = line[(equals + 1)..].TrimStart();
        if (value is ['"' or '\'' or '`', ..])
            return Quoted(name, value, lines, at);

        return (Set(name, value[..Comment(value)].TrimEnd(), isFilledIn: true, isEscaped: false), at);
    }

    /// <summary>Where white space and a number sign begin a comment; the length of the text where none does.</summary>
    private static int Comment(string text)
    {
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == '#' && text[at - 1] is ' ' or '\t')
                return at - 1;
        }

        return text.Length;
    }

    private (string? Why, int Last) Quoted(string name, string value, string[] lines, int at)
    {
        var (quote, whole, last) = (value[0], value, at);
        int end;
        while ((end = End(whole, quote)) < 0)
        {
            if (++last == lines.Length)
            {
                _unread.Add(name);
                return ("its quote is never closed", at);   // what follows it is read as lines of their own
            }

            whole += "\n" + lines[last];
        }

        var rest = whole[(end + 1)..].Trim();
        if (rest.Length > 0 && rest[0] != '#')
        {
            _unread.Add(name);
            return ("something stands behind its closing quote", last);
        }

        return (Set(name, whole[1..end], isFilledIn: quote == '"', isEscaped: quote == '"'), last);
    }

    /// <summary>Where the quote that opens the text is closed; negative when it is not.</summary>
    private static int End(string text, char quote)
    {
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == '\\' && quote == '"')
                at++;
            else if (text[at] == quote)
                return at;
        }

        return -1;
    }

    /// <returns>Why not, when it cannot be set.</returns>
    private string? Set(string name, string text, bool isFilledIn, bool isEscaped)
    {
        var value = text;
        if (isFilledIn && References.Fill(text, isEscaped, Look, out value) is { } why)
        {
            _variables.Remove(name);   // what an earlier line said of it no longer holds
            _unread.Add(name);
            return why;
        }

        _variables[name] = value;
        _unread.Remove(name);
        return null;
    }

    private string? Look(string name) => _variables.TryGetValue(name, out var own) ? own : environment(name);
}
