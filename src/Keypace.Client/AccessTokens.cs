using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>What callers present to Keypace: <c>/v1/access-tokens</c>.</summary>
public sealed class AccessTokens
{
    private const string Route = "v1/access-tokens";
    private readonly Wire _wire;

    internal AccessTokens(Wire wire) => _wire = wire;

    /// <summary>Every token of the team, without its text.</summary>
    public Task<IReadOnlyList<AccessToken>> ListAsync(CancellationToken ct = default) =>
        _wire.GetAsync(Route, KeypaceJson.Default.IReadOnlyListAccessToken, ct);

    /// <summary>The token with this id, without its text.</summary>
    /// <exception cref="KeypaceException">404: there is none.</exception>
    public Task<AccessToken> GetAsync(string id, CancellationToken ct = default) =>
        _wire.GetAsync(One(id), KeypaceJson.Default.AccessToken, ct);

    /// <summary>Makes a token. <see cref="AccessToken.Token"/> of the answer is its text, this once.</summary>
    /// <exception cref="KeypaceException">403: its role would exceed the caller's. 422: a field cannot be accepted.</exception>
    public Task<AccessToken> CreateAsync(NewAccessToken token, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Post, Route, token, Wire.Sent.NewAccessToken, KeypaceJson.Default.AccessToken, ct);

    /// <summary>Changes what <paramref name="change"/> names and leaves the rest.</summary>
    public Task<AccessToken> ModifyAsync(string id, AccessTokenChange change, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Put, One(id), change, Wire.Sent.AccessTokenChange, KeypaceJson.Default.AccessToken, ct);

    /// <summary>Ends the token at once and for good.</summary>
    public Task RevokeAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Delete, One(id)), KeypaceJson.Default.JsonElement, ct);

    private static string One(string id) => $"{Route}/{Wire.Segment(id)}";
}
