using System.Text.Json;

namespace Keypace.Domain.Protocols.Neutral;

/// <summary>
/// A query, read from a caller's language and checked, in terms that all hubs share: system texts apart, turns that alternate. Its texts
/// are elements of the parsed body, so long ones are never copied; it lives no longer than that document.
/// </summary>
internal sealed class ChatRequest
{
    /// <summary>Undefined where the query names none.</summary>
    public required JsonElement Model { get; init; }

    /// <summary>System and developer messages in their order, wherever they stood.</summary>
    public required IReadOnlyList<ChatText> System { get; init; }

    /// <summary>Where the first of <see cref="System"/> stood, for refusals; null without any.</summary>
    public string? SystemAt { get; init; }

    public required IReadOnlyList<ChatTurn> Turns { get; init; }

    public IReadOnlyList<ChatTool> Tools { get; init; } = [];

    public ChatToolChoice? ToolChoice { get; init; }

    public bool ForbidsParallelTools { get; init; }

    public JsonElement? MaxTokens { get; init; }

    /// <summary>The caller's language makes every query say <see cref="MaxTokens"/>: a hub without a place for it leaves it out.</summary>
    public bool MustSayMaxTokens { get; init; }

    public JsonElement? Temperature { get; init; }

    public JsonElement? TopP { get; init; }

    public IReadOnlyList<JsonElement> Stop { get; init; } = [];

    public bool Stream { get; init; }

    /// <summary>True when the last chunk of a stream shall say how many tokens were used.</summary>
    public bool IncludeUsage { get; init; }

    public ChatSchema? Schema { get; init; }

    /// <summary>The answer must be JSON, of whatever shape.</summary>
    public bool WantsJson { get; init; }

    /// <summary><c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, <c>xhigh</c>.</summary>
    public string? Effort { get; init; }

    /// <summary>Who the caller asks for: <c>user</c> or <c>safety_identifier</c>.</summary>
    public JsonElement? User { get; init; }

    /// <summary>An object of texts.</summary>
    public JsonElement? Metadata { get; init; }

    public string? ServiceTier { get; init; }
}

/// <summary>What one side says before the other speaks again. A tool's results belong to the user's side.</summary>
internal sealed record ChatTurn(bool IsAssistant, List<ChatBlock> Blocks, string At);

/// <param name="At">Where it stood, for refusals: <c>messages[2].content[0]</c>.</param>
internal abstract record ChatBlock(string At)
{
    /// <summary>Anthropic's <c>cache_control</c>, with which a caller says up to where a hub should keep what it has read; null for none.</summary>
    public JsonElement? Cache { get; init; }
}

internal sealed record ChatText(JsonElement Text, string At) : ChatBlock(At);

/// <summary>An image or a document whose bytes came along.</summary>
/// <param name="MediaType">In lower case: <c>image/png</c>.</param>
/// <param name="Base64">The bytes in base64, as ASCII.</param>
/// <param name="Name">A document's file name; null for images and where there is none.</param>
internal sealed record ChatData(string MediaType, ReadOnlyMemory<byte> Base64, JsonElement? Name, bool IsImage, string At) : ChatBlock(At);

/// <summary>An image that the hub is to fetch.</summary>
internal sealed record ChatImageLink(JsonElement Url, string At) : ChatBlock(At);

/// <param name="Input">The arguments, a JSON object.</param>
internal sealed record ChatToolUse(JsonElement Id, JsonElement Name, JsonElement Input, string At) : ChatBlock(At);

internal sealed record ChatToolResult(JsonElement ToolUseId, IReadOnlyList<ChatBlock> Content, string At) : ChatBlock(At)
{
    /// <summary>The tool failed, and the content says how.</summary>
    public bool IsError { get; init; }
}

/// <param name="Schema">The parameters' JSON schema; null for a tool that takes none.</param>
internal sealed record ChatTool(JsonElement Name, JsonElement? Description, JsonElement? Schema, bool IsStrict, string At)
{
    /// <summary>As <see cref="ChatBlock.Cache"/>.</summary>
    public JsonElement? Cache { get; init; }

    /// <summary>The schema as other hubs want it: an object's, and saying so. OpenAI also takes none, an empty one, and one that leaves its type out.</summary>
    public void WriteSchema(Utf8JsonWriter writer)
    {
        if (Schema?.Child("type") is not null)
        {
            Schema.Value.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteString("type"u8, "object"u8);
        if (Schema?.Child("properties") is null)
        {
            writer.WriteStartObject("properties"u8);
            writer.WriteEndObject();
        }

        foreach (var member in Schema is { } schema ? schema.EnumerateObject() : default)
        {
            if (member.Value.ValueKind is not JsonValueKind.Null)
                member.WriteTo(writer);
        }

        writer.WriteEndObject();
    }
}

/// <param name="Kind"><c>none</c>, <c>auto</c>, <c>required</c> or <c>function</c>.</param>
/// <param name="Name">The function that must be called.</param>
internal sealed record ChatToolChoice(string Kind, JsonElement? Name);

/// <summary>The answer must be JSON of this schema.</summary>
internal sealed record ChatSchema(JsonElement Schema, JsonElement? Name, JsonElement? Description, bool IsStrict = false);
