using System.Globalization;
using System.Text.Json;
using Keypace.Domain;

namespace Keypace.Server.Gateway.Contract;

/// <summary>Reads members of one JSON object and notes what is wrong with each; null and absent are the same.</summary>
internal sealed class FieldReader(JsonElement? element, IReadOnlyList<string> path, List<FieldRefusal>? problems = null)
{
    public List<FieldRefusal> Problems { get; } = problems ?? [];

    public JsonElement? Element(string name)
    {
        if (element is not { ValueKind: JsonValueKind.Object } parent)
        {
            if (element is not null && Problems.Count == 0)
                Problems.Add(new FieldRefusal(path, "This is a JSON object.", "model_attributes_type"));
            return null;
        }

        return parent.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;
    }

    public FieldReader Object(string name)
    {
        var child = Element(name);
        if (child is null)
            Refuse(name, "This field is needed.", "missing");
        return new FieldReader(child, [.. path, name], Problems);
    }

    public string? Text(string name)
    {
        if (Element(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.String)
            return value.GetString();
        Refuse(name, "This is text in quotes.", "string_type");
        return null;
    }

    public string RequiredText(string name)
    {
        if (element is null)
            return "";
        if (Element(name) is null)
            Refuse(name, "This field is needed.", "missing");
        return Text(name) ?? "";
    }

    public double? Number(string name, double least, double most)
    {
        if (Element(name) is not { } value)
            return null;
        if (value.ValueKind is not JsonValueKind.Number || !value.TryGetDouble(out var number) || !double.IsFinite(number))
        {
            Refuse(name, "This is a number.", "float_type");
            return null;
        }

        if (number >= least && number <= most)
            return number;
        Refuse(name, string.Create(CultureInfo.InvariantCulture, $"This lies between {least} and {most}."), "out_of_range");
        return null;
    }

    public void Refuse(string name, string message, string type) =>
        Problems.Add(new FieldRefusal([.. path, name], message, type));
}
