using System.Text.Json;

namespace Keypace.Domain.Protocols.Responses;

/// <summary>What a response repeats of its query.</summary>
internal sealed class ResponseEcho
{
    private static readonly string[] Names = ["instructions", "max_output_tokens", "metadata", "service_tier", "temperature", "text", "tool_choice", "tools", "top_p", "user"];

    private readonly List<(string Name, JsonElement Value)> _members = [];

    private bool _isParallel = true;
    private JsonElement? _reasoning;

    /// <summary>True where the caller asks for the model's thoughts.</summary>
    public bool ShowsThoughts { get; private init; }

    /// <param name="body">May be closed afterwards.</param>
    public static ResponseEcho Of(JsonElement body)
    {
        var reasoning = body.Child("reasoning");
        var echo = new ResponseEcho
        {
            _isParallel = body.Child("parallel_tool_calls") is not { ValueKind: JsonValueKind.False },
            _reasoning = reasoning is { ValueKind: JsonValueKind.Object } given ? given.Clone() : null,
            ShowsThoughts = reasoning.Text("summary") is not null || reasoning.Text("generate_summary") is not null,
        };
        foreach (var name in Names)
        {
            if (body.Child(name) is { } value)
                echo._members.Add((name, value.Clone()));
        }

        return echo;
    }

    /// <summary>Members without which some SDKs do not read a response have their usual value where the query left them out.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        foreach (var name in Names)
        {
            writer.WritePropertyName(name);
            if (_members.Find(member => member.Name == name) is { Name: not null } given)
                given.Value.WriteTo(writer);
            else
                WriteUsual(writer, name);
        }

        writer.WriteBoolean("parallel_tool_calls", _isParallel);
        writer.WritePropertyName("reasoning");
        if (_reasoning is { } reasoning)
        {
            reasoning.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        writer.WriteNull("effort");
        writer.WriteNull("summary");
        writer.WriteEndObject();
    }

    private static void WriteUsual(Utf8JsonWriter writer, string name)
    {
        switch (name)
        {
            case "metadata":
                writer.WriteStartObject();
                writer.WriteEndObject();
                break;
            case "tools":
                writer.WriteStartArray();
                writer.WriteEndArray();
                break;
            case "tool_choice":
                writer.WriteStringValue("auto");
                break;
            case "service_tier":
                writer.WriteStringValue("default");
                break;
            case "text":
                writer.WriteStartObject();
                writer.WriteStartObject("format");
                writer.WriteString("type", "text");
                writer.WriteEndObject();
                writer.WriteEndObject();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
