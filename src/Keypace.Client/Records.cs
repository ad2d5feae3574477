using System.Text.Json;
using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>The places that serve models: <c>/v1/hubs</c>.</summary>
public sealed class Hubs
{
    private readonly Wire _wire;

    internal Hubs(Wire wire) => _wire = wire;

    /// <summary>Every hub that the server knows, with its default limit and the fields that its keys take.</summary>
    public Task<IReadOnlyList<Hub>> ListAsync(CancellationToken ct = default) =>
        _wire.GetAsync("v1/hubs", KeypaceJson.Default.IReadOnlyListHub, ct);

    /// <summary>Sets the limit of the team's new keys on a hub; null for the hub's own default again.</summary>
    /// <param name="name">The hub's name, as <see cref="ListAsync"/> has it.</param>
    /// <param name="requests">At most so many requests in any <paramref name="seconds"/>.</param>
    /// <param name="seconds">Null for 60.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<Hub> SetDefaultAsync(string name, int? requests, int? seconds = null, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Put, $"v1/hubs/{Uri.EscapeDataString(name)}", new HubDefault(requests, seconds), Wire.Sent.HubDefault, KeypaceJson.Default.Hub, ct);

    /// <summary>The hub with this id or name (without regard to case); null when there is none.</summary>
    public async Task<Hub?> FindAsync(string nameOrId, CancellationToken ct = default) =>
        Names.Find(await ListAsync(ct).ConfigureAwait(false), nameOrId, hub => hub.Id, hub => hub.Name);
}

/// <summary>Sums of what was asked: <c>/v1/usage</c>.</summary>
public sealed class Usage
{
    private readonly Wire _wire;

    internal Usage(Wire wire) => _wire = wire;

    /// <summary>Usage summed by one thing.</summary>
    /// <param name="by"><c>key</c>, <c>caller</c>, <c>agent</c>, <c>model</c>, <c>hour</c> or <c>day</c>.</param>
    /// <param name="since">From here on, to the second; null for the server's default.</param>
    /// <param name="until">Up to here, to the second; null for now.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<UsageReport> GetAsync(string by = "key", DateTimeOffset? since = null, DateTimeOffset? until = null, CancellationToken ct = default) =>
        _wire.GetAsync(
            Wire.Query("v1/usage", ("by", by), ("since", since?.ToUnixTimeSeconds()), ("until", until?.ToUnixTimeSeconds())), KeypaceJson.Default.UsageReport, ct);
}

/// <summary>Who changed what: <c>/v1/audit</c>.</summary>
public sealed class Audit
{
    private readonly Wire _wire;

    internal Audit(Wire wire) => _wire = wire;

    /// <summary>One page of the record of changes.</summary>
    /// <param name="limit">At most so many; null for the server's default.</param>
    /// <param name="after"><see cref="AuditList.After"/> of the page before; null for the first page.</param>
    /// <param name="ct">Gives the call up.</param>
    public Task<AuditList> ListAsync(int? limit = null, long? after = null, CancellationToken ct = default) =>
        _wire.GetAsync(Wire.Query("v1/audit", ("limit", limit), ("after", after)), KeypaceJson.Default.AuditList, ct);
}

/// <summary>Keys that one account's limit holds together: <c>/v1/rate-groups</c>.</summary>
public sealed class RateGroups
{
    private readonly Wire _wire;

    internal RateGroups(Wire wire) => _wire = wire;

    /// <summary>Every rate group that holds a key which the token may see, with what it has used and who waits.</summary>
    public Task<IReadOnlyList<RateGroup>> ListAsync(CancellationToken ct = default) =>
        _wire.GetAsync("v1/rate-groups", KeypaceJson.Default.IReadOnlyListRateGroup, ct);
}

/// <summary>Who the token belongs to: <c>/v1/users</c>.</summary>
public sealed class People
{
    private readonly Wire _wire;

    internal People(Wire wire) => _wire = wire;

    /// <summary>The person behind the token, with the team and the role in it.</summary>
    /// <exception cref="KeypaceException">401: the token is not accepted. 403: it is, but may not manage.</exception>
    public Task<User> MeAsync(CancellationToken ct = default) => _wire.GetAsync("v1/users/me", KeypaceJson.Default.User, ct);
}

/// <summary>The server's settings: <c>/v1/settings</c>.</summary>
public sealed class Settings
{
    private readonly Wire _wire;

    internal Settings(Wire wire) => _wire = wire;

    /// <summary>Every setting with its value and where that came from; secrets are hidden.</summary>
    public Task<IReadOnlyList<Setting>> ListAsync(CancellationToken ct = default) =>
        _wire.GetAsync("v1/settings", KeypaceJson.Default.IReadOnlyListSetting, ct);

    /// <summary>Changes what can be changed while the server runs, at once; what <paramref name="change"/> leaves out stays.</summary>
    /// <returns>Every setting as it is now.</returns>
    /// <exception cref="KeypaceException">403: the token may not administer. 422: a value is out of its range; the field is named.</exception>
    public Task<IReadOnlyList<Setting>> ChangeAsync(SettingsChange change, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Put, "v1/settings", change, Wire.Sent.SettingsChange, KeypaceJson.Default.IReadOnlyListSetting, ct);
}

/// <summary>Whether the server runs: <c>/healthz</c> and <c>/readyz</c>. Answers instead of throwing when nothing listens.</summary>
public sealed class Health
{
    private readonly Wire _wire;

    internal Health(Wire wire) => _wire = wire;

    /// <summary>True when the server answers at all.</summary>
    public async Task<bool> IsAliveAsync(CancellationToken ct = default) =>
        await _wire.StatusAsync("healthz", ct).ConfigureAwait(false) is 200;

    /// <summary>The server's version, such as <c>0.1.0</c>; null when it says none, or when nothing listens.</summary>
    public async Task<string?> VersionAsync(CancellationToken ct = default)
    {
        try
        {
            var health = await _wire.GetAsync("healthz", KeypaceJson.Default.JsonElement, ct).ConfigureAwait(false);
            return health.ValueKind == JsonValueKind.Object && health.TryGetProperty("version", out var version) && version.ValueKind == JsonValueKind.String
                ? version.GetString()
                : null;
        }
        catch (KeypaceException)
        {
            return null;
        }
    }

    /// <summary>True when the server takes queries.</summary>
    public async Task<bool> IsReadyAsync(CancellationToken ct = default) =>
        await _wire.StatusAsync("readyz", ct).ConfigureAwait(false) is 200;
}
