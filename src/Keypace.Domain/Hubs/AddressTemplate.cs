using System.Text;
using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>
/// A base address with places for public fields of hub_config: <c>https://{agent_id}.agents.do-ai.run/api/v1</c>. A value can only be
/// letters, digits, hyphens and underscores, so it stays inside its label or segment and cannot make another host of the address.
/// </summary>
public sealed class AddressTemplate
{
    /// <summary>Longest value, in characters; a DNS label has room for no more.</summary>
    public const int MostValueCharacters = 63;

    private readonly List<(string Literal, string? Field)> _parts;

    private AddressTemplate(string text, List<(string, string?)> parts) => (Text, _parts) = (text, parts);

    /// <summary>As the file has it.</summary>
    public string Text { get; }

    /// <summary>The fields that it needs.</summary>
    public IEnumerable<string> FieldNames => _parts.Where(part => part.Field is not null).Select(part => part.Field!);

    /// <summary>Null when braces do not match or what is around them is no address.</summary>
    internal static AddressTemplate? Read(string text)
    {
        var parts = new List<(string, string?)>();
        for (var rest = text; ;)
        {
            var open = rest.IndexOf('{', StringComparison.Ordinal);
            if (open < 0)
            {
                parts.Add((rest, null));
                break;
            }

            var close = rest.IndexOf('}', open);
            if (close < open + 2)
                return null;
            parts.Add((rest[..open], rest[(open + 1)..close]));
            rest = rest[(close + 1)..];
        }

        var template = new AddressTemplate(text, parts);
        return Destination.Parse(template.With(_ => "x")).TryGet(out _, out _) ? template : null;
    }

    /// <summary>The address with a key's fields in it; refused when one is missing or could change the host.</summary>
    internal Outcome<Destination> Fill(IReadOnlyDictionary<string, string>? config, IReadOnlyList<HubField> fields)
    {
        foreach (var name in FieldNames)
        {
            var label = fields.FirstOrDefault(field => field.Name == name)?.Label ?? name;
            if (config is null || !config.TryGetValue(name, out var value) || value.Length == 0)
                return HubConfig.Refuse(name, $"{label} is needed to know the hub's address. Give hub_config.{name}, or the key's url.", "missing");
            if (!IsSafe(value))
                return HubConfig.Refuse(name, $"{label} becomes part of the hub's address: write only letters, digits, hyphens and underscores, at most {MostValueCharacters}.");
        }

        return Destination.Parse(With(name => config![name]));
    }

    public override string ToString() => Text;

    private static bool IsSafe(string value) =>
        value.Length <= MostValueCharacters
        && value[0] != '-' && value[^1] != '-'
        && value.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');

    private string With(Func<string, string> valueOf)
    {
        var text = new StringBuilder();
        foreach (var (literal, field) in _parts)
        {
            text.Append(literal);
            if (field is not null)
                text.Append(valueOf(field));
        }

        return text.ToString();
    }
}
