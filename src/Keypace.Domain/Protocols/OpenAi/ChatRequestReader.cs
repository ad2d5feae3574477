using System.Text.Json;
using Keypace.Domain.Protocols.Neutral;

namespace Keypace.Domain.Protocols.OpenAi;

/// <summary>
/// Reads the body of a chat completion strictly: a member that is not known here is a refusal, because nobody could say whether leaving it
/// out changes the answer. Members that say what is so anyway (<c>n: 1</c>, <c>logprobs: false</c>) are taken.
/// </summary>
internal sealed class ChatRequestReader(ChatProblems problems)
{
    private JsonElement? _model;
    private JsonElement? _messages;
    private JsonElement? _maxTokens;
    private JsonElement? _maxCompletionTokens;
    private JsonElement? _temperature;
    private JsonElement? _topP;
    private JsonElement? _user;
    private JsonElement? _safetyIdentifier;
    private JsonElement? _metadata;
    private List<JsonElement> _stop = [];
    private List<ChatTool> _tools = [];
    private ChatToolChoice? _toolChoice;
    private ChatSchema? _schema;
    private string? _effort;
    private string? _serviceTier;
    private bool _forbidsParallelTools;
    private bool _wantsJson;
    private bool _stream;
    private bool _includeUsage;
    private bool _hasStreamOptions;

    /// <summary>Null when something was noted in the problems.</summary>
    public static ChatRequest? Read(JsonElement body, ChatProblems problems) => new ChatRequestReader(problems).Read(body);

    private ChatRequest? Read(JsonElement body)
    {
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind is not JsonValueKind.Null)
                Take(member.Name, member.Value);
        }

        if (_model is null)
            problems.Wrong("model", "the hub's name for a model");
        if (_messages is null)
            problems.Wrong("messages", "a list of messages with role and content");
        if (_hasStreamOptions && !_stream)
            problems.Wrong("stream_options", "left out where \"stream\" is not true");
        if (_maxTokens is { } old && _maxCompletionTokens is { } most && old.GetRawText() != most.GetRawText())
            problems.Wrong("max_tokens", "left out, or equal to \"max_completion_tokens\"");
        if (_user is { } user && _safetyIdentifier is { } identifier && user.GetString() != identifier.GetString())
            problems.Wrong("user", "left out, or equal to \"safety_identifier\"");
        if (problems.First is not null)
            return null;

        var messages = new ChatMessagesReader(problems);
        messages.Read(_messages!.Value);
        return problems.First is not null ? null : new ChatRequest
        {
            Model = _model!.Value,
            System = messages.System,
            SystemAt = messages.SystemAt,
            Turns = messages.Turns,
            Tools = _tools,
            ToolChoice = _toolChoice,
            ForbidsParallelTools = _forbidsParallelTools,
            MaxTokens = _maxCompletionTokens ?? _maxTokens,
            Temperature = _temperature,
            TopP = _topP,
            Stop = _stop,
            Stream = _stream,
            IncludeUsage = _includeUsage,
            Schema = _schema,
            WantsJson = _wantsJson,
            Effort = _effort,
            User = _safetyIdentifier ?? _user,
            Metadata = _metadata,
            ServiceTier = _serviceTier,
        };
    }

    private void Take(string name, JsonElement value)
    {
        switch (name)
        {
            case "model":
                _model = Text(name, value, "the hub's name for a model");
                break;
            case "messages":
                _messages = value;
                break;
            case "max_tokens":
                _maxTokens = WholeNumber(name, value);
                break;
            case "max_completion_tokens":
                _maxCompletionTokens = WholeNumber(name, value);
                break;
            case "temperature":
                _temperature = Number(name, value, 0, 2);
                break;
            case "top_p":
                _topP = Number(name, value, 0, 1);
                break;
            case "stop":
                _stop = Texts(name, value);
                break;
            case "stream":
                _stream = Flag(name, value);
                break;
            case "stream_options":
                TakeStreamOptions(value);
                break;
            case "tools":
                _tools = ChatToolsReader.Read(value, problems);
                break;
            case "tool_choice":
                _toolChoice = ChatToolsReader.ReadChoice(value, problems);
                break;
            case "parallel_tool_calls":
                _forbidsParallelTools = !Flag(name, value);
                break;
            case "response_format":
                _schema = ChatToolsReader.ReadFormat(value, problems, out _wantsJson);
                break;
            case "reasoning_effort":
                _effort = Word(name, value, "low", "medium", "high", "xhigh");
                break;
            case "service_tier":
                _serviceTier = Word(name, value, "auto", "default", "flex", "priority");
                break;
            case "user":
                _user = Text(name, value, "a text");
                break;
            case "safety_identifier":
                _safetyIdentifier = Text(name, value, "a text");
                break;
            case "metadata":
                _metadata = Metadata(value);
                break;
            case "functions" or "function_call":
                problems.NoPlace(name, "Use \"tools\" and \"tool_choice\", which replaced it");
                break;
            default:
                if (!SaysWhatIsSoAnyway(name, value))
                    problems.NoPlace(name);
                break;
        }
    }

    private static bool SaysWhatIsSoAnyway(string name, JsonElement value) => name switch
    {
        "n" => value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var n) && n == 1,
        "frequency_penalty" or "presence_penalty" or "top_logprobs" => value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var amount) && amount == 0,
        "logprobs" or "store" => value.ValueKind is JsonValueKind.False,
        "logit_bias" => value.ValueKind is JsonValueKind.Object && value.GetPropertyCount() == 0,
        "modalities" => value.ValueKind is JsonValueKind.Array && value.GetArrayLength() == 1 && value[0].ValueKind is JsonValueKind.String && value[0].ValueEquals("text"u8),
        "verbosity" => value.ValueKind is JsonValueKind.String && value.ValueEquals("medium"u8),
        _ => false,
    };

    private void TakeStreamOptions(JsonElement options)
    {
        _hasStreamOptions = true;
        if (options.ValueKind is not JsonValueKind.Object)
        {
            problems.Wrong("stream_options", "an object");
            return;
        }

        foreach (var member in options.EnumerateObject())
        {
            if (member.Value.ValueKind is JsonValueKind.Null)
                continue;
            if (member.NameEquals("include_usage"u8))
                _includeUsage = Flag("stream_options.include_usage", member.Value);
            else if (!(member.NameEquals("include_obfuscation"u8) && member.Value.ValueKind is JsonValueKind.False))
                problems.NoPlace("stream_options." + member.Name);
        }
    }

    private JsonElement? Metadata(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Object && value.EnumerateObject().All(member => member.Value.ValueKind is JsonValueKind.String))
            return value.GetPropertyCount() == 0 ? null : value;
        problems.Wrong("metadata", "an object of texts");
        return null;
    }

    private List<JsonElement> Texts(string name, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.String)
            return [value];
        if (value.ValueKind is JsonValueKind.Array && value.EnumerateArray().All(each => each.ValueKind is JsonValueKind.String))
            return [.. value.EnumerateArray()];
        problems.Wrong(name, "a text or a list of texts");
        return [];
    }

    private JsonElement? Text(string name, JsonElement value, string shouldBe)
    {
        if (value.ValueKind is JsonValueKind.String && !value.IsEmptyText())
            return value;
        problems.Wrong(name, shouldBe);
        return null;
    }

    private string? Word(string name, JsonElement value, params ReadOnlySpan<string> known)
    {
        if (value.ValueKind is JsonValueKind.String)
        {
            foreach (var word in known)
            {
                if (value.ValueEquals(word))
                    return word;
            }

            problems.NoPlace(name, $"It can be {string.Join(", ", known!)} here; choose one of them or leave it out");
        }
        else
        {
            problems.Wrong(name, "a word");
        }

        return null;
    }

    private bool Flag(string name, JsonElement value)
    {
        if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            problems.Wrong(name, "true or false");
        return value.ValueKind is JsonValueKind.True;
    }

    private JsonElement? WholeNumber(string name, JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0)
            return value;
        problems.Wrong(name, "a whole number above 0");
        return null;
    }

    private JsonElement? Number(string name, JsonElement value, double least, double most)
    {
        if (value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most)
            return value;
        problems.Wrong(name, $"a number from {least} to {most}");
        return null;
    }
}
