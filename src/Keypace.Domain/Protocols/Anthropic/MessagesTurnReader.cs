using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.Anthropic;

/// <summary>Reads <c>system</c> and <c>messages</c>. Thoughts of earlier answers are left out: they carry a signature that no other hub can read.</summary>
internal sealed class MessagesTurnReader(ChatProblems problems)
{
    public List<ChatText> System { get; } = [];

    public List<ChatTurn> Turns { get; } = [];

    public void ReadSystem(JsonElement? system)
    {
        if (system is { } value)
            System.AddRange(Blocks(value, "system").OfType<ChatText>().Where(text => !text.Text.IsEmptyText()));
    }

    public void Read(JsonElement? messages)
    {
        if (messages is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() == 0)
        {
            problems.Wrong("messages", "a list of at least one message with role and content");
            return;
        }

        var index = 0;
        foreach (var message in list.EnumerateArray())
        {
            var at = $"messages[{index++}]";
            if (message.Child("content") is not { } content)
            {
                problems.Wrong(at + ".content", "a text or a list of blocks");
                return;
            }

            switch (message.Text("role"))
            {
                case "system":
                    System.AddRange(Blocks(content, at + ".content").OfType<ChatText>());
                    break;
                case "user":
                    Turn(isAssistant: false, at, Blocks(content, at + ".content"));
                    break;
                case "assistant":
                    Turn(isAssistant: true, at, [.. Blocks(content, at + ".content").Where(block => block is not ChatText text || !text.Text.IsEmptyText())]);
                    break;
                default:
                    problems.Wrong(at + ".role", "user or assistant");
                    break;
            }

            if (problems.First is not null)
                return;
        }
    }

    /// <summary>A turn that says nothing goes, and its neighbours become one.</summary>
    private void Turn(bool isAssistant, string at, List<ChatBlock> blocks)
    {
        if (blocks.Count == 0)
            return;
        if (Turns.Count == 0 || Turns[^1].IsAssistant != isAssistant)
            Turns.Add(new ChatTurn(isAssistant, blocks, at));
        else
            Turns[^1].Blocks.AddRange(blocks);
    }

    private List<ChatBlock> Blocks(JsonElement content, string at)
    {
        if (content.ValueKind is JsonValueKind.String)
            return [new ChatText(content, at)];
        var blocks = new List<ChatBlock>();
        if (content.ValueKind is not JsonValueKind.Array)
        {
            problems.Wrong(at, "a text or a list of blocks");
            return blocks;
        }

        var index = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (Block(block, $"{at}[{index++}]") is { } read)
                blocks.Add(read with { Cache = block.Child("cache_control") });
        }

        return blocks;
    }

    private ChatBlock? Block(JsonElement block, string at)
    {
        switch (block.Text("type"))
        {
            case "text" when block.TextElement("text") is { } text:
                return new ChatText(text, at);
            case "image":
                return Source(block, at, isImage: true);
            case "document":
                return Source(block, at, isImage: false);
            case "thinking" or "redacted_thinking":
                return null;
            case "tool_use" when block.TextElement("id") is { } id && block.TextElement("name") is { } name:
                return new ChatToolUse(id, name, block.Child("input") is { ValueKind: JsonValueKind.Object } input ? input : default, at);
            case "tool_result" when block.TextElement("tool_use_id") is { } use:
                return new ChatToolResult(use, block.Child("content") is { } content ? Blocks(content, at + ".content") : [], at)
                {
                    IsError = block.Child("is_error") is { ValueKind: JsonValueKind.True },
                };
            case null or "text" or "tool_use" or "tool_result":
                problems.Wrong(at, "a block of the kind that Anthropic's interface gives it");
                return null;
            case { } type:
                problems.NoPlace(at, $"A block of the type \"{HubFault.Cleaned(type)}\" is Anthropic's own; leave it out");
                return null;
        }
    }

    private ChatBlock? Source(JsonElement block, string at, bool isImage)
    {
        var source = block.Child("source");
        switch (source.Text("type"))
        {
            case "base64" when source?.TextElement("data") is { } data && source.Text("media_type") is { } mediaType:
                var base64 = Encoding.UTF8.GetBytes(data.GetString()!);
                if (Base64.IsValid(base64))
                    return new ChatData(MediaTypes.Named(mediaType), base64, block.TextElement("title"), isImage, at);
                problems.Wrong(at + ".source.data", "bytes in base64");
                return null;
            case "url" when isImage && source?.TextElement("url") is { } url:
                return new ChatImageLink(url, at);
            case "text" when source?.TextElement("data") is { } text:
                return new ChatText(text, at);
            case { } type:
                problems.NoPlace(at + ".source", $"A source of the type \"{HubFault.Cleaned(type)}\" is not fetched here; send the bytes in base64");
                return null;
            default:
                problems.Wrong(at + ".source", "an object with the type base64 or url");
                return null;
        }
    }
}
