using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>One way into a hub: address, secret, how the secret is attached, paths.</summary>
public sealed record HubAccess
{
    /// <summary>The field name that stands for the key's own <c>value</c> in <see cref="SecretFields"/>.</summary>
    public const string Value = "value";

    /// <summary>When this way is meant; null for the hub's ordinary one.</summary>
    public HubCondition? When { get; init; }

    /// <summary>Its name for people, where a hub has several to choose from: <c>Service account</c>. Null for a variant that nobody chooses.</summary>
    public string? Label { get; init; }

    /// <summary>What the secret in <c>value</c> is called here: <c>Model access key</c>.</summary>
    public string ValueLabel { get; init; } = "API key";

    /// <summary>Fields that this way cannot do without, besides those that the hub always needs.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>Further fields that a form shows for this way.</summary>
    public IReadOnlyList<string> Offers { get; init; } = [];

    /// <summary>The field in which a key may list its own models (a deployment's name, a local server's); null for none.</summary>
    public string? ModelsField { get; init; }

    /// <summary>Null when the key must bring its address.</summary>
    public AddressTemplate? BaseUrl { get; init; }

    /// <summary>The path put behind a key's address that has none: <c>/api/v1/</c>; null when such an address is meant as it is.</summary>
    public string? DefaultPrefix { get; init; }

    /// <summary>Addresses of the past whose secrets still open.</summary>
    public IReadOnlyList<AddressTemplate> MovedFrom { get; init; } = [];

    /// <summary>Where the secret is: <c>["value"]</c>, or the names of one or several hub_config fields.</summary>
    public IReadOnlyList<string> SecretFields { get; init; } = [Value];

    /// <summary>False when a key may be without a secret.</summary>
    public bool SecretRequired { get; init; } = true;

    public HubAuth Auth { get; init; } = HubAuth.Bearer;

    public HubPaths Paths { get; init; } = HubPaths.OpenAi;

    /// <summary>The language of the chat path; the other paths speak OpenAI's.</summary>
    public HubProtocol Protocol { get; init; }

    /// <summary>Put behind the chat path, without the question mark: <c>agent=true</c>; null for none.</summary>
    public string? ChatQuery { get; init; }

    /// <summary>How a key is tested, first step first; empty when there is no call that costs nothing.</summary>
    public IReadOnlyList<HubTest> Test { get; init; } = [];

    /// <summary>The hub's path for one of OpenAI's routes (<c>chat/completions</c>, <c>models</c>), with its query; null when the hub has no such route.</summary>
    public string? PathOf(string route) => route switch
    {
        "chat/completions" => ChatQuery is null || Paths.Chat is null ? Paths.Chat : $"{Paths.Chat}?{ChatQuery}",
        "completions" => Paths.Completions,
        "embeddings" => Paths.Embeddings,
        "responses" => Paths.Responses,
        "models" => Paths.Models,
        _ => null,
    };

    /// <summary>The same way with a key's public fields put into their places; itself where it has none.</summary>
    internal HubAccess For(IReadOnlyDictionary<string, string>? config)
    {
        var auth = Auth.For(config);
        var paths = Paths.For(config);
        var hasTestPlaces = Test.Any(step => FieldTemplate.HasPlaces(step.Path));
        return ReferenceEquals(auth, Auth) && ReferenceEquals(paths, Paths) && !hasTestPlaces
            ? this
            : this with { Auth = auth, Paths = paths, Test = hasTestPlaces ? [.. Test.Select(step => step.For(config)).OfType<HubTest>()] : Test };
    }

    /// <summary>True when the secret is the key's <c>value</c>.</summary>
    public bool SecretIsValue => SecretFields is [Value];
}

/// <summary>What must hold for a variant.</summary>
/// <param name="Given">One of these fields (or its mask) has a value; empty when that does not matter.</param>
/// <param name="EqualTo">All of these fields have exactly this value.</param>
public sealed record HubCondition(IReadOnlyList<string> Given, IReadOnlyDictionary<string, string> EqualTo)
{
    /// <summary>Each of these fields (or its mask) has a value.</summary>
    public IReadOnlyList<string> AllGiven { get; init; } = [];

    public bool Holds(IReadOnlyDictionary<string, string>? config)
    {
        if (config is null || !AllGiven.All(name => IsGiven(config, name)))
            return false;
        foreach (var (name, value) in EqualTo)
        {
            if (!config.TryGetValue(name, out var actual) || actual != value)
                return false;
        }

        return Given.Count == 0 || Given.Any(name => IsGiven(config, name));
    }

    private static bool IsGiven(IReadOnlyDictionary<string, string> config, string name) =>
        (config.TryGetValue(name, out var value) && value.Length > 0) || config.ContainsKey(HubConfig.MaskPrefix + name);
}

/// <summary>
/// The paths under the base address that speak OpenAI's language. Null where the hub has none. They may have places for public fields
/// (<c>{project_id}</c>) and for the query's model (<c>{model}</c>).
/// </summary>
public sealed record HubPaths(string? Chat, string? Completions, string? Embeddings, string? Responses, string? Models)
{
    public static readonly HubPaths OpenAi = new("chat/completions", "completions", "embeddings", "responses", "models");

    internal HubPaths For(IReadOnlyDictionary<string, string>? config) =>
        FieldTemplate.HasPlaces(Chat) || FieldTemplate.HasPlaces(Completions) || FieldTemplate.HasPlaces(Embeddings)
            || FieldTemplate.HasPlaces(Responses) || FieldTemplate.HasPlaces(Models)
            ? new(Filled(Chat, config), Filled(Completions, config), Filled(Embeddings, config), Filled(Responses, config), Filled(Models, config))
            : this;

    private static string? Filled(string? path, IReadOnlyDictionary<string, string>? config) => path is null ? null : FieldTemplate.FillPath(path, config);
}
