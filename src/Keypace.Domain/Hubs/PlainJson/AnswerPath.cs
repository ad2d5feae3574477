using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Keypace.Domain.Hubs.PlainJson;

/// <summary>
/// Where in a JSON answer the text stands: <c>$.output[0].content</c>, the dollar and dot in front may be left out. A step is a member's
/// name, an index, or a name in brackets and quotes (<c>["a.b"]</c>).
/// </summary>
public sealed class AnswerPath
{
    private const int MostSteps = 32;

    private static readonly SearchValues<char> NotInNames = SearchValues.Create("*]\"' \t\r\n()?@");

    private readonly IReadOnlyList<Step> _steps;

    private AnswerPath(IReadOnlyList<Step> steps) => _steps = steps;

    private readonly record struct Step(string? Name, int Index);

    /// <exception cref="FormatException">It was never accepted by <see cref="WhyNot"/>.</exception>
    public static AnswerPath Parse(string text) => new(Steps(text) ?? throw new FormatException("Not a path."));

    /// <summary>Why this is no path, as the end of a sentence that begins with the field's label; null when it is one.</summary>
    public static string? WhyNot(string text) => Steps(text) is null
        ? "is not a path that can be followed. Write names and indexes, such as $.output[0].text; wildcards and filters are not taken."
        : null;

    /// <summary>The text at the path: a string as it is, a number or truth value as written. Null where there is none.</summary>
    public string? TextIn(JsonElement answer)
    {
        foreach (var step in _steps)
        {
            if (step.Name is { } name)
            {
                if (answer.ValueKind is not JsonValueKind.Object || !answer.TryGetProperty(name, out answer))
                    return null;
            }
            else if (answer.ValueKind is not JsonValueKind.Array || step.Index >= answer.GetArrayLength())
            {
                return null;
            }
            else
            {
                answer = answer[step.Index];
            }
        }

        return answer.ValueKind switch
        {
            JsonValueKind.String => answer.GetString(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => answer.GetRawText(),
            _ => null,
        };
    }

    private static List<Step>? Steps(string text)
    {
        var steps = new List<Step>();
        var rest = text.AsSpan().Trim();
        if (rest is ['$', ..])
            rest = rest[1..];
        else if (rest is not ['.' or '[', ..] && rest.Length > 0)
            rest = string.Concat(".", rest);
        while (!rest.IsEmpty)
        {
            if (steps.Count == MostSteps)
                return null;
            if (rest[0] == '.')
            {
                rest = rest[1..];
                var end = rest.IndexOfAny('.', '[');
                var name = end < 0 ? rest : rest[..end];
                if (name.IsEmpty || name.ContainsAny(NotInNames))
                    return null;
                steps.Add(new Step(name.ToString(), 0));
                rest = end < 0 ? [] : rest[end..];
            }
            else if (rest[0] == '[')
            {
                if (Bracket(rest, out var step) is not (> 0 and var length))
                    return null;
                steps.Add(step);
                rest = rest[length..];
            }
            else
            {
                return null;
            }
        }

        return steps.Count == 0 ? null : steps;
    }

    /// <summary>Length of the bracket with its ends; 0 when it is none.</summary>
    private static int Bracket(ReadOnlySpan<char> rest, out Step step)
    {
        step = default;
        if (rest.Length > 2 && rest[1] is '"' or '\'')
        {
            var end = rest[2..].IndexOf(rest[1]);
            if (end <= 0 || rest.Length < end + 4 || rest[end + 3] != ']')
                return 0;
            step = new Step(rest.Slice(2, end).ToString(), 0);
            return end + 4;
        }

        var close = rest.IndexOf(']');
        if (close < 2 || !int.TryParse(rest[1..close], NumberStyles.None, CultureInfo.InvariantCulture, out var index) || index > 100_000)
            return 0;
        step = new Step(null, index);
        return close + 1;
    }
}
