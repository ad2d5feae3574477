using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;
using Keypace.Domain.Protocols.OpenAi;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>Reads <c>instructions</c> and <c>input</c>: a text, or messages, calls and their outputs one behind the other. Thoughts of earlier answers are left out.</summary>
internal sealed class ResponsesInputReader(ChatProblems problems)
{
    public List<ChatText> System { get; } = [];

    public string? SystemAt { get; private set; }

    public List<ChatTurn> Turns { get; } = [];

    public void ReadInstructions(JsonElement instructions)
    {
        if (instructions.ValueKind is not JsonValueKind.String)
            problems.NoPlace("instructions", "Give them as a text");
        else if (!instructions.IsEmptyText())
            AddSystem(instructions, "instructions");
    }

    public void Read(JsonElement? input)
    {
        if (input is { ValueKind: JsonValueKind.String } text)
        {
            Turn(isAssistant: false, "input").Add(new ChatText(text, "input"));
            return;
        }

        if (input is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
        {
            problems.Wrong("input", "a text, or a list of at least one item");
            return;
        }

        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            ReadItem(item, $"input[{index++}]");
            if (problems.First is not null)
                return;
        }

        Turns.RemoveAll(turn => turn.Blocks.Count == 0);
    }

    private void ReadItem(JsonElement item, string at)
    {
        switch (item.Text("type"))
        {
            case null or "message" when item.Text("role") is { } role:
                ReadMessage(item, role, at);
                break;
            case "function_call" when item.TextElement("call_id") is { } id && item.TextElement("name") is { } name:
                var arguments = ToolArguments.Of(item.Text("arguments"));
                if (arguments is { } input)
                    Turn(isAssistant: true, at).Add(new ChatToolUse(id, name, input, at));
                else
                    problems.Wrong(at + ".arguments", "a JSON object, written as a text");
                break;
            case "function_call_output" when item.TextElement("call_id") is { } id && item.Child("output") is { } output:
                Turn(isAssistant: false, at).Add(new ChatToolResult(id, Parts(output, at + ".output"), at));
                break;
            case "reasoning":
                break;
            case "item_reference":
                problems.Refuse(Refusal.Field(at, $"\"{at}\" refers to what a hub has stored, and this key's hub stores no responses. Send the item itself.", code: "nothing_stored")
                    with { Reason = RefusalReason.Malformed });
                break;
            case null or "message" or "function_call" or "function_call_output":
                problems.Wrong(at, "an item of the kind that OpenAI's interface gives it");
                break;
            case { } type:
                problems.NoPlace(at, $"An item of the type \"{HubFault.Cleaned(type)}\" is OpenAI's own; leave it out");
                break;
        }
    }

    private void ReadMessage(JsonElement message, string role, string at)
    {
        if (message.Child("content") is not { } content)
        {
            problems.Wrong(at + ".content", "a text or a list of parts");
            return;
        }

        var parts = Parts(content, at + ".content");
        switch (role)
        {
            case "system" or "developer":
                foreach (var text in parts.OfType<ChatText>())
                    AddSystem(text.Text, at);
                break;
            case "user":
                Turn(isAssistant: false, at).AddRange(parts);
                break;
            case "assistant":
                Turn(isAssistant: true, at).AddRange(parts.Where(part => part is not ChatText text || !text.Text.IsEmptyText()));
                break;
            default:
                problems.Wrong(at + ".role", "user, assistant, system or developer");
                break;
        }
    }

    private List<ChatBlock> Parts(JsonElement content, string at)
    {
        if (content.ValueKind is JsonValueKind.String)
            return [new ChatText(content, at)];
        var blocks = new List<ChatBlock>();
        if (content.ValueKind is not JsonValueKind.Array)
        {
            problems.Wrong(at, "a text or a list of parts");
            return blocks;
        }

        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            if (Part(part, $"{at}[{index++}]") is { } block)
                blocks.Add(block);
        }

        return blocks;
    }

    private ChatBlock? Part(JsonElement part, string at)
    {
        switch (part.Text("type"))
        {
            case "input_text" or "output_text" or "text" when part.TextElement("text") is { } text:
                return new ChatText(text, at);
            case "refusal" when part.TextElement("refusal") is { } refusal:
                return new ChatText(refusal, at);
            case "input_image" when part.TextElement("image_url") is { } url:
                return ChatDataReader.Image(url, at + ".image_url", problems);
            case "input_file" when part.TextElement("file_data") is { } data:
                return ChatDataReader.Data(data, part.TextElement("filename"), isImage: false, at + ".file_data", problems);
            case "input_image" or "input_file":
                problems.NoPlace(at, "Send the bytes themselves as a data URI");
                return null;
            case null or "input_text" or "output_text" or "text" or "refusal":
                problems.Wrong(at, "a part of the kind that OpenAI's interface gives it");
                return null;
            case { } type:
                problems.NoPlace(at, $"A part of the type \"{HubFault.Cleaned(type)}\" cannot stand there; leave it out");
                return null;
        }
    }

    private void AddSystem(JsonElement text, string at)
    {
        SystemAt ??= at;
        System.Add(new ChatText(text, at));
    }

    private List<ChatBlock> Turn(bool isAssistant, string at)
    {
        if (Turns.Count == 0 || Turns[^1].IsAssistant != isAssistant)
            Turns.Add(new ChatTurn(isAssistant, [], at));
        return Turns[^1].Blocks;
    }
}
