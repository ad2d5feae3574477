namespace Keypace.Cli.Importing;

/// <summary>A key that was found somewhere, not yet stored.</summary>
/// <param name="Name">What it will be called.</param>
/// <param name="Hub">The hub's name here.</param>
/// <param name="Secret">Null where the hub's secrets are fields.</param>
/// <param name="From">Where it stood: a variable, a line, a model.</param>
/// <param name="Fields">The hub's own fields, secrets among them.</param>
internal sealed record FoundKey(
    string Name, string Hub, string? Secret, string? Url, string From, int? Requests = null, int? Seconds = null, IReadOnlyDictionary<string, string?>? Fields = null)
{
    /// <summary>As the server will show it; there is nothing to see of a short one.</summary>
    public string Masked => Secret switch
    {
        null => string.Join(", ", Fields?.Keys ?? []),
        { Length: >= 20 } => "****" + Secret[^4..],
        _ => "****",
    };

    /// <summary>Two findings with the same one are one key.</summary>
    public (string, string?, string?, string) Identity => (Hub, Secret, Url?.TrimEnd('/'), string.Join('\n', Fields?.Values ?? []));

    /// <summary>Records print their members; this one has a secret.</summary>
    public override string ToString() => $"{Name} ({Hub}, {Masked})";
}

/// <summary>Something that looked like a key and is not taken.</summary>
/// <param name="What">Where it stood, without its value.</param>
/// <param name="Why">The reason, as a clause: "it is empty".</param>
internal sealed record Skipped(string What, string Why);

/// <summary>What a source holds.</summary>
internal sealed class Findings
{
    public List<FoundKey> Keys { get; } = [];

    public List<Skipped> Skipped { get; } = [];

    public void Skip(string what, string why) => Skipped.Add(new Skipped(what, why));

    /// <summary>Adds a key unless it is none; the same one found again is not a second key, but can bring a lower limit.</summary>
    public void Add(FoundKey key)
    {
        if (key.Secret is not null && WhyNoSecret(key.Secret) is { } why)
        {
            Skip(key.From, why);
            return;
        }

        var at = Keys.FindIndex(other => other.Identity == key.Identity);
        if (at < 0)
            Keys.Add(key with { Name = Free(key.Name) });
        else if (key.Requests < (Keys[at].Requests ?? int.MaxValue))
            Keys[at] = Keys[at] with { Requests = key.Requests, Seconds = key.Seconds };
    }

    private string Free(string name)
    {
        var free = name;
        for (var number = 2; Keys.Any(key => NearestName.Same(key.Name, free)); number++)
            free = $"{name}-{number}";

        return free;
    }

    private static string? WhyNoSecret(string value)
    {
        var text = value.Trim();
        return text.Length == 0 ? "it is empty"
            : text.StartsWith("kpa_", StringComparison.Ordinal) ? "it is an access token of Keypace, not a hub's key"
            : text.Any(char.IsWhiteSpace) || text is ['<', .., '>'] or ['$', '{', ..] || text.Contains("...", StringComparison.Ordinal)
                || text.Contains("your-", StringComparison.OrdinalIgnoreCase) || text.Contains("your_", StringComparison.OrdinalIgnoreCase) || text.Contains("changeme", StringComparison.OrdinalIgnoreCase) || text.All(letter => letter is 'x' or 'X' or '*')
                ? "it is a placeholder" : null;
    }
}
