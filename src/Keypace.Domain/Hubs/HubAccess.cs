using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>One way into a hub: address, secret, how the secret is attached, paths.</summary>
public sealed record HubAccess
{
    /// <summary>The field name that stands for the key's own <c>value</c> in <see cref="SecretFields"/>.</summary>
    public const string Value = "value";

    /// <summary>When this way is meant; null for the hub's ordinary one.</summary>
    public HubCondition? When { get; init; }

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

    /// <summary>True when the secret is the key's <c>value</c>.</summary>
    public bool SecretIsValue => SecretFields is [Value];
}

/// <summary>What must hold for a variant.</summary>
/// <param name="Given">One of these fields (or its mask) has a value; empty when that does not matter.</param>
/// <param name="EqualTo">All of these fields have exactly this value.</param>
public sealed record HubCondition(IReadOnlyList<string> Given, IReadOnlyDictionary<string, string> EqualTo)
{
    public bool Holds(IReadOnlyDictionary<string, string>? config)
    {
        if (config is null)
            return false;
        foreach (var (name, value) in EqualTo)
        {
            if (!config.TryGetValue(name, out var actual) || actual != value)
                return false;
        }

        if (Given.Count == 0)
            return true;
        foreach (var name in Given)
        {
            if ((config.TryGetValue(name, out var value) && value.Length > 0) || config.ContainsKey(HubConfig.MaskPrefix + name))
                return true;
        }

        return false;
    }
}

/// <summary>How the credential gets into a request.</summary>
/// <param name="Header">Lower-case header name; <c>authorization</c> also where it is written by code.</param>
/// <param name="Scheme">Put before the secret, with its space: <c>"Bearer "</c>, or empty.</param>
/// <param name="ExtraHeaders">Fixed headers that go along unless the caller sent his own: <c>anthropic-version</c>.</param>
public sealed record HubAuth(HubAuthKind Kind, string Header, string Scheme, IReadOnlyDictionary<string, string> ExtraHeaders)
{
    public static readonly HubAuth Bearer = new(HubAuthKind.Header, "authorization", "Bearer ", new Dictionary<string, string>());

    /// <summary>The word that an envelope is bound to: <c>header:authorization:bearer</c>, <c>header:x-api-key</c>, <c>aws-sigv4</c>, <c>google-oauth</c>.</summary>
    public string Injection => Kind switch
    {
        HubAuthKind.AwsSignature => "aws-sigv4",
        HubAuthKind.GoogleToken => "google-oauth",
        _ => Scheme.Length == 0 ? $"header:{Header}" : $"header:{Header}:{Scheme.Trim().ToLowerInvariant()}",
    };
}

public enum HubAuthKind
{
    /// <summary>The secret stands in a header.</summary>
    Header,

    /// <summary>Google's token exchange; needs code.</summary>
    GoogleToken,

    /// <summary>AWS Signature 4; needs code.</summary>
    AwsSignature,
}

/// <summary>The paths under the base address that speak OpenAI's language. Null where the hub has none.</summary>
public sealed record HubPaths(string? Chat, string? Completions, string? Embeddings, string? Responses, string? Models)
{
    public static readonly HubPaths OpenAi = new("chat/completions", "completions", "embeddings", "responses", "models");
}
