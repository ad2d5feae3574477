using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads the parts of a chat query that shape the answer: <c>tools</c>, <c>tool_choice</c> and <c>response_format</c>.</summary>
internal static class ChatToolsReader
{
    public static List<ChatTool> Read(JsonElement value, ChatProblems problems)
    {
        var tools = new List<ChatTool>();
        foreach (var (each, at) in ToolList.Each(value, problems))
        {
            if (Function(each, at, problems) is not { } function)
                continue;
            JsonElement? name = null, description = null, schema = null;
            var isStrict = false;
            foreach (var member in function.EnumerateObject())
            {
                var kind = member.Value.ValueKind;
                if (kind is JsonValueKind.Null)
                    continue;
                if (member.NameEquals("name"u8) && kind is JsonValueKind.String)
                    name = member.Value;
                else if (member.NameEquals("description"u8) && kind is JsonValueKind.String)
                    description = member.Value;
                else if (member.NameEquals("parameters"u8) && kind is JsonValueKind.Object)
                    schema = member.Value;
                else if (member.NameEquals("cache_control"u8))
                    continue;
                else if (member.NameEquals("strict"u8) && kind is JsonValueKind.True or JsonValueKind.False)
                    isStrict = kind is JsonValueKind.True;
                else if (member.Name is "name" or "description" or "parameters" or "strict")
                    problems.Wrong($"{at}.function.{member.Name}", "of the kind that OpenAI's interface gives it");
                else
                    problems.NoPlace($"{at}.function.{member.Name}");
            }

            if (name is not { } named)
                problems.Wrong($"{at}.function.name", "the function's name");
            else
                tools.Add(new ChatTool(named, description, schema, isStrict, at) { Cache = each.Child("cache_control") ?? function.Child("cache_control") });
            if (problems.First is not null)
                return tools;
        }

        return tools;
    }

    public static ChatToolChoice? ReadChoice(JsonElement value, ChatProblems problems)
    {
        if (value.ValueKind is JsonValueKind.String)
        {
            if (value.GetString() is "none" or "auto" or "required")
                return new ChatToolChoice(value.GetString()!, null);
            problems.Wrong("tool_choice", "\"none\", \"auto\", \"required\" or an object that names a function");
            return null;
        }

        if (Function(value, "tool_choice", problems) is not { } function)
            return null;
        if (function.TextElement("name") is { } name)
            return new ChatToolChoice("function", name);
        problems.Wrong("tool_choice.function.name", "the name of a tool");
        return null;
    }

    /// <summary>Null for plain text, and for JSON of any shape.</summary>
    public static ChatSchema? ReadFormat(JsonElement value, ChatProblems problems, out bool wantsJson)
    {
        wantsJson = false;
        switch (value.Text("type"))
        {
            case "text":
                return null;
            case "json_schema":
                break;
            case "json_object":
                wantsJson = true;
                return null;
            default:
                problems.Wrong("response_format", "an object whose type is text, json_object or json_schema");
                return null;
        }

        var format = value.Child("json_schema");
        foreach (var member in format is { ValueKind: JsonValueKind.Object } known ? known.EnumerateObject() : default)
        {
            if (member.Name is not ("name" or "description" or "schema" or "strict"))
                problems.NoPlace("response_format.json_schema." + member.Name);
        }

        if (format.Child("schema") is { ValueKind: JsonValueKind.Object } schema)
            return new ChatSchema(schema, format?.TextElement("name"), format?.TextElement("description"), format.Child("strict") is { ValueKind: JsonValueKind.True });
        problems.Wrong("response_format.json_schema.schema", "a JSON schema");
        return null;
    }

    /// <summary>The <c>function</c> inside <c>{"type":"function","function":{…}}</c>; null when it is none, which is noted.</summary>
    public static JsonElement? Function(JsonElement value, string at, ChatProblems problems)
    {
        if (value.Text("type") is { } type and not "function")
        {
            problems.NoPlace($"{at}.type", $"It takes functions only, not \"{HubFault.Cleaned(type)}\"; leave it out");
            return null;
        }

        if (value.Child("function") is { ValueKind: JsonValueKind.Object } function && value.Text("type") is not null)
        {
            foreach (var member in value.EnumerateObject())
            {
                if (member.Name is not ("type" or "function" or "id" or "index" or "provider_specific_fields" or "extra_content" or "parsed" or "parsed_arguments" or "caller" or "cache_control") && member.Value.ValueKind is not JsonValueKind.Null)
                    problems.NoPlace($"{at}.{member.Name}");
            }

            return function;
        }

        problems.Wrong(at, "an object with the type \"function\" and a \"function\"");
        return null;
    }
}
