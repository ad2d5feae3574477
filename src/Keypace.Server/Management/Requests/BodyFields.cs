using System.Globalization;
using System.Text.Json;
using Keypace.Contracts;
using Keypace.Domain;

namespace Keypace.Server.Management.Requests;

/// <summary>
/// Takes members out of a body and notes what is wrong with each, so that a caller is told everything at once. Null and absent are
/// the same, members that nobody asks for are ignored, and no type is bent: a number in quotes is a text.
/// </summary>
internal sealed class BodyFields
{
    private readonly JsonElement _root;
    private readonly FieldProblems _problems;
    private readonly IReadOnlyList<string> _path;

    public BodyFields(JsonElement root)
        : this(root, new FieldProblems(), ["body"])
    {
    }

    private BodyFields(JsonElement root, FieldProblems problems, IReadOnlyList<string> path) =>
        (_root, _problems, _path) = (root, problems, path);

    /// <summary>What is wrong so far; null when nothing is.</summary>
    public Refusal? Refusal => _problems.Refusal;

    /// <summary>Where further checks of what was read note what they find, so that a caller is told of it together with the rest.</summary>
    public FieldProblems Problems => _problems;

    public bool Has(string name) => Member(name) is not null;

    public string? Text(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.String)
            return value.GetString();
        _problems.Add([.. _path, name], "This is a text in quotes.", "string_type");
        return null;
    }

    /// <summary>Empty after noting that it is missing.</summary>
    public string RequiredText(string name)
    {
        if (!Has(name))
            _problems.Add([.. _path, name], "This field is needed.", "missing");
        return Text(name) ?? "";
    }

    public int? Whole(string name)
    {
        var number = LongWhole(name);
        if (number is null or (>= int.MinValue and <= int.MaxValue))
            return (int?)number;
        _problems.Add([.. _path, name], "This number is too large.", "out_of_range");
        return null;
    }

    public long? LongWhole(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number))
            return number;
        _problems.Add([.. _path, name], "This is a whole number, not in quotes.", "int_type");
        return null;
    }

    /// <summary>Zero after noting that it is missing.</summary>
    public long RequiredLongWhole(string name)
    {
        if (!Has(name))
            _problems.Add([.. _path, name], "This field is needed.", "missing");
        return LongWhole(name) ?? 0;
    }

    public bool? Flag(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        _problems.Add([.. _path, name], "This is true or false, not in quotes.", "bool_type");
        return null;
    }

    /// <summary>A list of objects, each to be read like a body of its own; what is wrong with them is noted here.</summary>
    public IReadOnlyList<BodyFields>? Objects(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is not JsonValueKind.Array)
        {
            _problems.Add([.. _path, name], "This is a list in brackets.", "list_type");
            return null;
        }

        var objects = new List<BodyFields>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            string[] path = [.. _path, name, objects.Count.ToString(CultureInfo.InvariantCulture)];
            if (item.ValueKind is not JsonValueKind.Object)
            {
                _problems.Add(path, "This is an object in braces.", "dict_type");
                return null;
            }

            objects.Add(new BodyFields(item, _problems, path));
        }

        return objects;
    }

    /// <summary>An object whose members are texts or null. Members that are something else, and not <paramref name="known"/>, are ignored like every unknown one.</summary>
    public IReadOnlyDictionary<string, string?>? Texts(string name, Func<string, bool> known)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is not JsonValueKind.Object)
        {
            _problems.Add([.. _path, name], "This is an object in braces.", "dict_type");
            return null;
        }

        var texts = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null)
                texts[member.Name] = member.Value.GetString();
            else if (known(member.Name))
                _problems.Add([.. _path, name, member.Name], "This is a text in quotes.", "string_type");
        }

        return texts;
    }

    public IReadOnlyList<string>? List(string name)
    {
        if (Member(name) is not { } value)
            return null;
        if (value.ValueKind is not JsonValueKind.Array)
        {
            _problems.Add([.. _path, name], "This is a list in brackets.", "list_type");
            return null;
        }

        var texts = new List<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind is JsonValueKind.String)
                texts.Add(item.GetString()!);
            else
                _problems.Add([.. _path, name, texts.Count.ToString(CultureInfo.InvariantCulture)], "This is a text in quotes.", "string_type");
        }

        return texts;
    }

    /// <summary>A list of texts, or true for all, which is the list of a star.</summary>
    public IReadOnlyList<string>? ListOrAll(string name) => Member(name) switch
    {
        { ValueKind: JsonValueKind.True } => [DropParamsJson.All],
        { ValueKind: JsonValueKind.False } => [],
        _ => List(name),
    };

    private JsonElement? Member(string name) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;
}
