using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>The stored credentials of model hubs: <c>/v1/api-keys</c>. A secret goes in and never comes out.</summary>
public sealed class ApiKeys
{
    private const string Route = "v1/api-keys";
    private readonly Wire _wire;

    internal ApiKeys(Wire wire) => _wire = wire;

    /// <summary>Every key that the token may see.</summary>
    /// <param name="hubs">Only keys of these hubs; null or empty for all.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<IReadOnlyList<ApiKey>> ListAsync(IEnumerable<string>? hubs = null, CancellationToken ct = default) =>
        _wire.GetAsync(Wire.Query(Route, ("hubs", hubs is null ? null : string.Join(',', hubs))), KeypaceJson.Default.IReadOnlyListApiKey, ct);

    /// <summary>The key with this id.</summary>
    /// <exception cref="KeypaceException">404: there is none, or the token may not see it.</exception>
    public Task<ApiKey> GetAsync(string id, CancellationToken ct = default) =>
        _wire.GetAsync(One(id), KeypaceJson.Default.ApiKey, ct);

    /// <summary>The key with this id or name (without regard to case); null when there is none.</summary>
    public async Task<ApiKey?> FindAsync(string nameOrId, CancellationToken ct = default) =>
        Names.Find(await ListAsync(null, ct).ConfigureAwait(false), nameOrId, key => key.Id, key => key.Name);

    /// <summary>Stores a key. It is active at once.</summary>
    /// <exception cref="KeypaceException">409: the name is taken. 422: a field cannot be accepted.</exception>
    public Task<ApiKey> CreateAsync(NewApiKey key, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Post, Route, key, Wire.Sent.NewApiKey, KeypaceJson.Default.ApiKey, ct);

    /// <summary>Changes what <paramref name="change"/> names and leaves the rest.</summary>
    /// <exception cref="KeypaceException">409: the name is taken. 412: it changed since <see cref="ApiKeyChange.Version"/>. 422: a field cannot be accepted.</exception>
    public Task<ApiKey> ModifyAsync(string id, ApiKeyChange change, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Put, One(id), change, Wire.Sent.ApiKeyChange, KeypaceJson.Default.ApiKey, ct);

    /// <summary>Gives the key another name. Agents and usage keep it: they hold its id.</summary>
    /// <exception cref="KeypaceException">409: the name is taken.</exception>
    public Task<ApiKey> RenameAsync(string id, string newName, CancellationToken ct = default) =>
        ModifyAsync(id, new ApiKeyChange(Name: newName), ct);

    /// <summary>Keeps the key but sends nothing with it: queries answer 409.</summary>
    public Task<ApiKey> DisableAsync(string id, CancellationToken ct = default) =>
        ModifyAsync(id, new ApiKeyChange(Status: KeyStatuses.Disabled), ct);

    /// <summary>Lets a disabled key be used again.</summary>
    public Task<ApiKey> EnableAsync(string id, CancellationToken ct = default) =>
        ModifyAsync(id, new ApiKeyChange(Status: KeyStatuses.Active), ct);

    /// <summary>Stops the key's use at once; until <see cref="ApiKeyDeleted.RestorableUntil"/> it can be restored, then its secret is destroyed.</summary>
    public Task<ApiKeyDeleted> DeleteAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Delete, One(id)), KeypaceJson.Default.ApiKeyDeleted, ct);

    /// <summary>Brings a deleted key back while that is possible.</summary>
    /// <exception cref="KeypaceException">404: too late. 409: its name was taken meanwhile.</exception>
    public Task<ApiKey> RestoreAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Post, One(id) + "/restore"), KeypaceJson.Default.ApiKey, ct);

    /// <summary>Asks the hub whether the stored secret works. Counts against the key's limit and waits its turn.</summary>
    public Task<ApiKeyTestResult> TestAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Post, One(id) + "/test"), KeypaceJson.Default.ApiKeyTestResult, ct);

    /// <summary>Asks the hub whether a secret works that is not stored.</summary>
    /// <exception cref="KeypaceException">422: a field cannot be accepted.</exception>
    public Task<ApiKeyTestResult> TestAsync(ApiKeyTest test, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Post, Route + "/test", test, Wire.Sent.ApiKeyTest, KeypaceJson.Default.ApiKeyTestResult, ct);

    /// <summary>The models that the key's hub offers to it; <see cref="ApiKeyModels.Models"/> is null when the hub has no such list.</summary>
    public Task<ApiKeyModels> ModelsAsync(string id, CancellationToken ct = default) =>
        _wire.GetAsync(One(id) + "/models", KeypaceJson.Default.ApiKeyModels, ct);

    /// <summary>What the key's limit is doing at this moment.</summary>
    public Task<ApiKeyStatus> StatusAsync(string id, CancellationToken ct = default) =>
        _wire.GetAsync(One(id) + "/status", KeypaceJson.Default.ApiKeyStatus, ct);

    /// <summary>Ends a pause, and the refusal of models for which the hub said that waiting does not help.</summary>
    public Task<ApiKeyStatus> UnpauseAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Post, One(id) + "/unpause"), KeypaceJson.Default.ApiKeyStatus, ct);

    /// <summary>Takes back what the hub taught (<see cref="ApiKeyStatus.Lessons"/>); it is learned again if it still holds.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="kind"><c>limit</c>, <c>bursts</c>, <c>pause</c> or <c>circuit</c>; null for all of it.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<ApiKeyStatus> ForgetAsync(string id, string? kind = null, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Delete, Wire.Query(One(id) + "/lessons", ("kind", kind))), KeypaceJson.Default.ApiKeyStatus, ct);

    /// <summary>Makes the limit that the hub's headers reported last the key's own.</summary>
    /// <exception cref="KeypaceException">409: the hub has reported none.</exception>
    public Task<ApiKey> TakeReportedLimitAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Post, One(id) + "/take-reported-limit"), KeypaceJson.Default.ApiKey, ct);

    /// <summary>The key's latest queries, newest first.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="limit">At most so many; null for the server's default.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<QueryList> QueriesAsync(string id, int? limit = null, CancellationToken ct = default) =>
        _wire.GetAsync(Wire.Query(One(id) + "/queries", ("limit", limit)), KeypaceJson.Default.QueryList, ct);

    private static string One(string id) => $"{Route}/{Wire.Segment(id)}";
}
