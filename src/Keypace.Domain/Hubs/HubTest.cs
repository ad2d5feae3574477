using Keypace.Domain.Keys;

namespace Keypace.Domain.Hubs;

/// <summary>One step of testing a key: a call that costs nothing, and what its status means.</summary>
/// <param name="Method"><c>GET</c> or <c>POST</c>.</param>
/// <param name="Path">Under the key's address (<c>models</c>), or with a slash in front under its origin (<c>/v1/models</c>): never another host.</param>
/// <param name="Body">JSON for POST, usually one that the hub must find wrong after it has looked at the key; null for GET.</param>
/// <param name="Works">Statuses of a hub that accepts the key.</param>
/// <param name="Refused">Statuses of a hub that does not.</param>
/// <param name="WorksWhen">A status that means "works" if the body says so.</param>
public sealed record HubTest(
    string Method,
    string Path,
    string? Body,
    IReadOnlyList<int> Works,
    IReadOnlyList<int> Refused,
    HubTestPhrase? WorksWhen)
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
        if (WorksWhen is { } phrase && phrase.Status == status && body.IndexOf(System.Text.Encoding.UTF8.GetBytes(phrase.Contains)) >= 0)
            return HubTestVerdict.Works;
        if (Works.Contains(status))
            return HubTestVerdict.Works;
        return Refused.Contains(status) ? HubTestVerdict.Refused : HubTestVerdict.NextStep;
    }
}

/// <param name="Contains">Bytes of the body, exactly so.</param>
public sealed record HubTestPhrase(int Status, string Contains);

public enum HubTestVerdict
{
    /// <summary>The hub accepts the key.</summary>
    Works,

    /// <summary>The hub does not accept the key.</summary>
    Refused,

    /// <summary>This step does not tell; ask the next one, and without a next one it is unknown.</summary>
    NextStep,
}
