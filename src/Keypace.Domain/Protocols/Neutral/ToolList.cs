using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>The list <c>tools</c> of a query, which every caller's language has; what stands in it differs.</summary>
internal static class ToolList
{
    /// <summary>Each tool, and what it is called in a refusal. None where there is no list; what is no list is noted.</summary>
    public static IEnumerable<(JsonElement Tool, string At)> Each(JsonElement? value, ChatProblems problems)
    {
        if (value is not { } list)
            yield break;
        if (list.ValueKind is not JsonValueKind.Array)
        {
            problems.Wrong("tools", "a list of tools");
            yield break;
        }

        var index = 0;
        foreach (var tool in list.EnumerateArray())
            yield return (tool, $"tools[{index++}]");
    }
}
