using System.Globalization;
using System.Text.Json;

namespace Keypace.Domain.Hubs;

/// <summary>Takes typed members out of an object of a hub file. The first mistake, by line, is kept; later ones are only consequences.</summary>
internal sealed class HubFileReader(HubFileMistake mistake, HubFileNode node, string place)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public HubFileNode Node => node;

    /// <summary>Null when absent or null; an object reader otherwise.</summary>
    public HubFileReader? Object(string name) =>
        Take(name, JsonValueKind.Object, "an object in braces") is { } value ? new HubFileReader(mistake, value, $"{place}{name}.") : null;

    public string? Text(string name, int most = 400)
    {
        if (Take(name, JsonValueKind.String, "a text in quotes") is not { } value)
            return null;
        if (value.Text.Length > most)
            Wrong(value, name, $"is longer than {most} characters. Shorten it");
        else if (value.Text.Any(char.IsControl))
            Wrong(value, name, "holds a control character or line break. Take it out");
        return value.Text;
    }

    public string NeededText(string name, string example)
    {
        if (!Has(name))
            Lacks(name, example);
        return Text(name) ?? "";
    }

    public bool Flag(string name, bool absent)
    {
        _known.Add(name);
        if (!node.Members.TryGetValue(name, out var member))
            return absent;
        if (member.Value.Kind is not (JsonValueKind.True or JsonValueKind.False))
            Wrong(member.Value, name, "must be true or false");
        return member.Value.Kind == JsonValueKind.True;
    }

    public int Number(string name, int least, int most, int? absent = null)
    {
        if (!Has(name) && absent is { } standard)
            return standard;
        if (!Has(name))
        {
            Lacks(name, least.ToString(CultureInfo.InvariantCulture));
            return least;
        }

        return Take(name, JsonValueKind.Number, "a whole number") is { } value ? ToNumber(value, name, least, most) : least;
    }

    public IReadOnlyList<int> Numbers(string name, int least, int most)
    {
        var numbers = new List<int>();
        foreach (var item in Items(name, JsonValueKind.Number, "whole numbers"))
            numbers.Add(ToNumber(item, name, least, most));
        return numbers;
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var texts = new List<string>();
        foreach (var item in Items(name, JsonValueKind.String, "texts in quotes"))
        {
            if (item.Text.Length is 0 or > 400 || item.Text.Any(char.IsControl))
                Wrong(item, name, "holds a text that is empty, longer than 400 characters, or has control characters");
            texts.Add(item.Text);
        }

        return texts;
    }

    public IReadOnlyList<HubFileReader> Objects(string name)
    {
        var objects = new List<HubFileReader>();
        foreach (var item in Items(name, JsonValueKind.Object, "objects in braces"))
            objects.Add(new HubFileReader(mistake, item, $"{place}{name}[]."));
        return objects;
    }

    /// <summary>A list of objects, or one without its brackets.</summary>
    public IReadOnlyList<HubFileReader> ObjectOrObjects(string name) =>
        node.Members.TryGetValue(name, out var member) && member.Value.Kind == JsonValueKind.Array ? Objects(name) : Object(name) is { } one ? [one] : [];

    /// <summary>An object whose members are all texts.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string name)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Take(name, JsonValueKind.Object, "an object in braces") is { } value)
        {
            foreach (var (key, member) in value.Members)
            {
                if (member.Value.Kind != JsonValueKind.String || member.Value.Text.Any(char.IsControl))
                    Wrong(member.Value, $"{name}.{key}", "must be a text in quotes, without line breaks");
                pairs[key] = member.Value.Text;
            }
        }

        return pairs;
    }

    /// <summary>One of a few words, given with what they mean.</summary>
    public T Word<T>(string name, T absent, params ReadOnlySpan<(string Word, T Meaning)> words)
    {
        if (Text(name) is not { } text)
            return absent;
        var list = new List<string>();
        foreach (var (word, meaning) in words)
        {
            if (word == text)
                return meaning;
            list.Add(word);
        }

        Wrong(node.Members[name].Value, name, $"is \"{text}\", but must be one of {string.Join(", ", list)}");
        return absent;
    }

    public bool Has(string name) => node.Members.TryGetValue(name, out var member) && member.Value.Kind != JsonValueKind.Null;

    /// <summary>True when the member is there, be it null.</summary>
    public bool Mentions(string name) => node.Members.ContainsKey(name);

    public void Wrong(string name, string what) =>
        Wrong(node.Members.TryGetValue(name, out var member) ? member.Value : node, name, what);

    /// <summary>Call last: whatever was not asked for has no meaning here.</summary>
    public void RefuseOthers()
    {
        foreach (var (name, member) in node.Members)
        {
            if (!_known.Contains(name))
                mistake.At(member.Line, $"\"{place}{name}\" is not known. Known here are: {string.Join(", ", _known.Order(StringComparer.Ordinal))}");
        }
    }

    private void Lacks(string name, string example) =>
        mistake.At(node.Line, $"\"{place}{name}\" is missing. Add it, for example {example}");

    private void Wrong(HubFileNode value, string name, string what) => mistake.At(value.Line, $"\"{place}{name}\" {what}");

    private int ToNumber(HubFileNode value, string name, int least, int most)
    {
        if (int.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            return number;
        Wrong(value, name, $"is {value.Text}, but must be a whole number from {least} to {most}");
        return least;
    }

    private IReadOnlyList<HubFileNode> Items(string name, JsonValueKind kind, string wanted)
    {
        if (Take(name, JsonValueKind.Array, "a list in brackets") is not { } list)
            return [];
        foreach (var item in list.Items)
        {
            if (item.Kind != kind)
            {
                Wrong(item, name, $"must hold only {wanted}");
                return [];
            }
        }

        return list.Items;
    }

    private HubFileNode? Take(string name, JsonValueKind kind, string wanted)
    {
        _known.Add(name);
        if (!node.Members.TryGetValue(name, out var member) || member.Value.Kind == JsonValueKind.Null)
            return null;
        if (member.Value.Kind == kind)
            return member.Value;
        Wrong(member.Value, name, $"must be {wanted}");
        return null;
    }
}

/// <summary>The mistake that stands first in a file.</summary>
internal sealed class HubFileMistake
{
    public int Line { get; private set; } = int.MaxValue;

    public string? What { get; private set; }

    public void At(int line, string what)
    {
        if (line < Line)
            (Line, What) = (line, what);
    }
}
