using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a message: tools of the caller's own. Those that run at Anthropic have no place elsewhere.</summary>
internal static class MessagesToolsReader
{
    public static List<ChatTool> Read(JsonElement? value, ChatProblems problems)
    {
        var tools = new List<ChatTool>();
        foreach (var (tool, at) in ToolList.Each(value, problems))
        {
            if (tool.Text("type") is { } type and not "custom")
                problems.NoPlace(at + ".type", $"It takes the caller's own tools only, not \"{HubFault.Cleaned(type)}\"; leave it out");
            else if (tool.Child("name") is not { ValueKind: JsonValueKind.String } name || name.IsEmptyText())
                problems.Wrong(at + ".name", "the tool's name");
            else if (tool.Child("input_schema") is { ValueKind: not JsonValueKind.Object })
                problems.Wrong(at + ".input_schema", "a JSON schema");
            else
                tools.Add(new ChatTool(name, tool.TextElement("description"), tool.Child("input_schema"), tool.Child("strict") is { ValueKind: JsonValueKind.True }, at));
        }

        return tools;
    }

    public static ChatToolChoice? ReadChoice(JsonElement? value, ChatProblems problems, out bool forbidsParallel)
    {
        forbidsParallel = value.Child("disable_parallel_tool_use") is { ValueKind: JsonValueKind.True };
        if (value is not { } choice)
            return null;
        switch (choice.Text("type"))
        {
            case "auto":
                return new ChatToolChoice("auto", null);
            case "any":
                return new ChatToolChoice("required", null);
            case "none":
                return new ChatToolChoice("none", null);
            case "tool" when choice.TextElement("name") is { } name:
                return new ChatToolChoice("function", name);
            default:
                problems.Wrong("tool_choice", "an object with the type auto, any, none, or tool and a name");
                return null;
        }
    }
}
