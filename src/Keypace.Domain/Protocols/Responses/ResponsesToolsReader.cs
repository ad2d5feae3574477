using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c> of a response: functions. Tools that run at OpenAI have no place elsewhere.</summary>
internal static class ResponsesToolsReader
{
    public static List<ChatTool> Read(JsonElement? value, ChatProblems problems)
    {
        var tools = new List<ChatTool>();
        foreach (var (tool, at) in ToolList.Each(value, problems))
        {
            if (tool.Text("type") is not { } type)
                problems.Wrong(at + ".type", "function");
            else if (type != "function")
                problems.NoPlace(at + ".type", $"It takes functions only, not \"{HubFault.Cleaned(type)}\"; leave it out");
            else if (tool.TextElement("name") is not { } name || name.IsEmptyText())
                problems.Wrong(at + ".name", "the function's name");
            else if (tool.Child("parameters") is { ValueKind: not JsonValueKind.Object })
                problems.Wrong(at + ".parameters", "a JSON schema");
            else
                tools.Add(new ChatTool(name, tool.TextElement("description"), tool.Child("parameters"), tool.Child("strict") is { ValueKind: JsonValueKind.True }, at));
        }

        return tools;
    }

    public static ChatToolChoice? ReadChoice(JsonElement? value, ChatProblems problems)
    {
        if (value is not { } choice)
            return null;
        if (choice.ValueKind is JsonValueKind.String && choice.GetString() is "none" or "auto" or "required")
            return new ChatToolChoice(choice.GetString()!, null);
        if (choice.Text("type") == "function" && choice.TextElement("name") is { } name)
            return new ChatToolChoice("function", name);
        if (choice.Text("type") is { } type and not "function")
            problems.NoPlace("tool_choice", $"It takes none, auto, required or a function, not \"{HubFault.Cleaned(type)}\"");
        else
            problems.Wrong("tool_choice", "\"none\", \"auto\", \"required\" or an object that names a function");
        return null;
    }
}
