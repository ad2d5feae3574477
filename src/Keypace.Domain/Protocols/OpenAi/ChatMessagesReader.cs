using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>Reads <c>messages</c>: system texts apart, and turns that alternate, since that is what other hubs take.</summary>
internal sealed class ChatMessagesReader(ChatProblems problems)
{
    public List<ChatText> System { get; } = [];

    public string? SystemAt { get; private set; }

    public List<ChatTurn> Turns { get; } = [];

    public void Read(JsonElement messages)
    {
        if (messages.ValueKind is not JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            problems.Wrong("messages", "a list of at least one message with role and content");
            return;
        }

        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            ReadMessage(message, $"messages[{index++}]");
            if (problems.First is not null)
                return;
        }

        LeaveOutEmptyAnswers();
    }

    /// <summary>An answer that stopped at once says nothing, and other hubs refuse a turn without content: it goes, and its neighbours become one.</summary>
    private void LeaveOutEmptyAnswers()
    {
        for (var index = Turns.Count - 1; index >= 0; index--)
        {
            if (!Turns[index].IsAssistant || Turns[index].Blocks.Count > 0)
                continue;
            Turns.RemoveAt(index);
            if (index > 0 && index < Turns.Count && Turns[index - 1].IsAssistant == Turns[index].IsAssistant)
            {
                Turns[index - 1].Blocks.AddRange(Turns[index].Blocks);
                Turns.RemoveAt(index);
            }
        }
    }

    private void ReadMessage(JsonElement message, string at)
    {
        switch (message.Text("role"))
        {
            case "system" or "developer":
                RefuseOthers(message, at, "role", "content", "cache_control");
                SystemAt ??= at;
                foreach (var block in Content(message, at, "text"))
                    System.Add((ChatText)block);
                break;
            case "user":
                RefuseOthers(message, at, "role", "content", "cache_control");
                Turn(isAssistant: false, at).AddRange(Content(message, at, "text", "image_url", "file"));
                break;
            case "assistant":
                // Thoughts that were handed out as reasoning_content come back when a caller keeps the message whole: without the hub's signature they cannot be sent on.
                RefuseOthers(message, at, "role", "content", "refusal", "tool_calls", "reasoning_content", "cache_control");
                ReadAssistant(message, at, Turn(isAssistant: true, at));
                break;
            case "tool":
                RefuseOthers(message, at, "role", "content", "tool_call_id", "cache_control");
                if (message.TextElement("tool_call_id") is { } id)
                    Turn(isAssistant: false, at).Add(new ChatToolResult(id, Content(message, at, "text", "image_url"), at) { Cache = message.Child("cache_control") });
                else
                    problems.Wrong(at + ".tool_call_id", "the id of the tool call that this answers");
                break;
            case "function":
                problems.NoPlace(at + ".role", "Use the role \"tool\", which replaced \"function\"");
                break;
            default:
                problems.Wrong(at + ".role", "system, developer, user, assistant or tool");
                break;
        }
    }

    private void ReadAssistant(JsonElement message, string at, List<ChatBlock> blocks)
    {
        if (message.Child("content") is not null)
            blocks.AddRange(Content(message, at, "text", "refusal").Where(block => block is not ChatText text || !text.Text.IsEmptyText()));
        if (message.TextElement("refusal") is { } refusal && !refusal.IsEmptyText())
            blocks.Add(new ChatText(refusal, at + ".refusal"));
        if (message.Child("tool_calls") is not { } calls)
            return;
        if (calls.ValueKind is not JsonValueKind.Array)
        {
            problems.Wrong(at + ".tool_calls", "a list of tool calls");
            return;
        }

        var index = 0;
        foreach (var call in calls.EnumerateArray())
        {
            var here = $"{at}.tool_calls[{index++}]";
            if (ChatToolsReader.Function(call, here, problems) is not { } function)
                continue;
            if (call.TextElement("id") is { } id && function.TextElement("name") is { } name && function.TextElement("arguments") is { } arguments)
                blocks.Add(new ChatToolUse(id, name, Arguments(arguments, here), here));
            else
                problems.Wrong(here, "a function call with id, name and arguments");
        }
    }

    /// <summary>Arguments are JSON inside a text; hubs with a language of their own want the JSON.</summary>
    private JsonElement Arguments(JsonElement text, string at)
    {
        if (ToolArguments.Of(text.GetString()) is { } arguments)
            return arguments;
        problems.Wrong(at + ".function.arguments", "a JSON object, written as a text");
        return default;
    }

    /// <summary>A text, or a list of parts of the given kinds.</summary>
    private List<ChatBlock> Content(JsonElement message, string at, params ReadOnlySpan<string> kinds)
    {
        var blocks = new List<ChatBlock>();
        at += ".content";
        if (message.Child("content") is not { } content)
        {
            problems.Wrong(at, "a text or a list of parts");
        }
        else if (content.ValueKind is JsonValueKind.String)
        {
            blocks.Add(new ChatText(content, at));
        }
        else if (content.ValueKind is not JsonValueKind.Array)
        {
            problems.Wrong(at, "a text or a list of parts");
        }
        else
        {
            var index = 0;
            foreach (var part in content.EnumerateArray())
            {
                if (ReadPart(part, $"{at}[{index++}]", kinds) is { } block)
                    blocks.Add(block with { Cache = part.Child("cache_control") });
                else if (problems.First is not null)
                    break;
            }
        }

        // On a message it stands for its end.
        if (blocks.Count > 0 && message.Child("cache_control") is { } cache)
            blocks[^1] = blocks[^1] with { Cache = cache };
        return blocks;
    }

    private ChatBlock? ReadPart(JsonElement part, string at, ReadOnlySpan<string> kinds)
    {
        var type = part.Text("type");
        if (type is null)
        {
            problems.Wrong(at + ".type", "a kind of content, such as text");
            return null;
        }

        if (!kinds.Contains(type))
        {
            problems.NoPlace(at, $"A part of the type \"{HubFault.Cleaned(type)}\" cannot stand there; leave it out");
            return null;
        }

        RefuseOthers(part, at, "type", type, "cache_control");
        if (problems.First is not null)
            return null;
        if (type is "image_url" or "file")
            return ChatDataReader.Read(part, type, at, problems);
        if (part.TextElement(type) is { } text)
            return new ChatText(text, at);
        problems.Wrong($"{at}.{type}", "a text");
        return null;
    }

    private List<ChatBlock> Turn(bool isAssistant, string at)
    {
        if (Turns.Count == 0 || Turns[^1].IsAssistant != isAssistant)
            Turns.Add(new ChatTurn(isAssistant, [], at));
        return Turns[^1].Blocks;
    }

    /// <summary>Members that carry no wish are left out: SDKs send back what they got, with all that they had put beside it. So are null and empty lists.</summary>
    private void RefuseOthers(JsonElement parent, string at, params ReadOnlySpan<string> known)
    {
        foreach (var member in parent.EnumerateObject())
        {
            if (member.Value.ValueKind is JsonValueKind.Null || (member.Value.ValueKind is JsonValueKind.Array && member.Value.GetArrayLength() == 0))
                continue;
            if (!known.Contains(member.Name) && !IsWithoutWish(member.Name))
                problems.NoPlace($"{at}.{member.Name}");
        }
    }

    /// <summary>
    /// What OpenAI's and others' SDKs keep in a message or a part of it. <c>name</c> on a tool's answer repeats what its id says; on other turns it only helps
    /// to tell people apart. Thoughts cannot go back to a hub that wants its own signature on them.
    /// </summary>
    private static bool IsWithoutWish(string member) => member is
        "name" or "id" or "object" or "type" or "status" or "index" or "created" or "created_at" or "model" or "finish_reason" or "parsed" or "annotations" or "logprobs"
        or "usage" or "provider_specific_fields" or "reasoning" or "reasoning_content" or "reasoning_details" or "thinking_blocks" or "phase";
}
