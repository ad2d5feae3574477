using System.Text.Json;
using System.Text.Json.Serialization;

namespace Keypace.Contracts;

/// <summary><c>drop_params</c> is a list of members, or <c>true</c> for all; in .NET that is the list <c>["*"]</c>.</summary>
public sealed class DropParamsJson : JsonConverter<IReadOnlyList<string>?>
{
    /// <summary>The one name that means all.</summary>
    public const string All = "*";

    /// <inheritdoc/>
    public override IReadOnlyList<string>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.True:
                return [All];
            case JsonTokenType.False:
                return [];
            case JsonTokenType.Null:
                return null;
            case JsonTokenType.StartArray:
                var names = new List<string>();
                while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
                    names.Add(reader.GetString() ?? "");
                return names;
            default:
                throw new JsonException("drop_params is true, false or a list of names.");
        }
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string>? value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value is null)
        {
            writer.WriteNullValue();
            return;
        }

        if (value is [All])
        {
            writer.WriteBooleanValue(true);
            return;
        }

        writer.WriteStartArray();
        foreach (var name in value)
            writer.WriteStringValue(name);
        writer.WriteEndArray();
    }
}
