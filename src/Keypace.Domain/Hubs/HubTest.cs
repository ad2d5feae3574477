using System.Text;
using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>One step of testing a key: a call that costs nothing, and what its answer means.</summary>
/// <param name="Method"><c>GET</c> or <c>POST</c>.</param>
/// <param name="Path">Under the key's address (<c>models</c>), or with a slash in front under its origin (<c>/v1/models</c>): never another host. It may have places for public fields.</param>
/// <param name="Body">JSON for POST, usually one that the hub must find wrong after it has looked at the key; null for GET.</param>
/// <param name="Works">Statuses of a hub that accepts the key.</param>
/// <param name="Refused">Statuses of a hub that does not.</param>
/// <param name="Phrases">Answers whose body says more than their status; they are looked at first.</param>
/// <param name="ListsModels">True when the answer is the list of the models that this key may use.</param>
public sealed record HubTest(
    string Method,
    string Path,
    string? Body,
    IReadOnlyList<int> Works,
    IReadOnlyList<int> Refused,
    IReadOnlyList<HubTestPhrase> Phrases,
    bool ListsModels)
{
    /// <summary>The absolute address to call.</summary>
    public string UrlOn(Destination destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return Path.StartsWith('/') ? destination.Origin + Path : destination.Address + Path;
    }

    /// <param name="body">The first part of the answer's body.</param>
    public HubTestVerdict Judge(int status, ReadOnlySpan<byte> body)
    {
        foreach (var phrase in Phrases)
        {
            if (phrase.Status == status && body.IndexOf(Encoding.UTF8.GetBytes(phrase.Contains)) >= 0)
                return phrase.Verdict;
        }

        // A page for people says nothing about a key, whatever its status.
        if (LooksLikeHtml(body))
            return HubTestVerdict.WrongAddress;
        if (Works.Contains(status))
            return HubTestVerdict.Works;
        if (Refused.Contains(status))
            return HubTestVerdict.Refused;
        return status is 404 or 405 or 410 or (>= 300 and < 400) ? HubTestVerdict.WrongAddress : HubTestVerdict.NextStep;
    }

    /// <summary>Null when a field that the path needs has no value.</summary>
    internal HubTest? For(IReadOnlyDictionary<string, string>? config) => FieldTemplate.FillPath(Path, config) is { } path ? this with { Path = path } : null;

    private static bool LooksLikeHtml(ReadOnlySpan<byte> body)
    {
        body = body.TrimStart(" \t\r\n\uFEFF"u8);
        return body.Length > 5 && (Ascii.EqualsIgnoreCase(body[..5], "<html"u8) || Ascii.EqualsIgnoreCase(body[..5], "<!doc"u8));
    }
}

/// <param name="Contains">Bytes of the body, exactly so.</param>
/// <param name="Verdict">What such an answer means.</param>
public sealed record HubTestPhrase(int Status, string Contains, HubTestVerdict Verdict);

public enum HubTestVerdict
{
    /// <summary>The hub accepts the key.</summary>
    Works,

    /// <summary>The hub does not accept the key.</summary>
    Refused,

    /// <summary>The hub knows the key, but its account has nothing left.</summary>
    NoQuota,

    /// <summary>The hub knows the key, which may not use what was asked for.</summary>
    NoAccess,

    /// <summary>What answers there is not the hub's interface. A later step may know better.</summary>
    WrongAddress,

    /// <summary>This step does not tell; ask the next one, and without a next one it is unknown.</summary>
    NextStep,
}
