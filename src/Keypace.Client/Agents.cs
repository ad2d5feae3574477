using Keypace.Contracts;

namespace Keypace.Client;

/// <summary>Named models behind API keys: <c>/v1/agent-configurations</c>.</summary>
public sealed class Agents
{
    private const string Route = "v1/agent-configurations";

    /// <summary>Agents fetched in one request; <see cref="ListAsync"/> asks again until it has all.</summary>
    private const int PageSize = 200;

    private readonly Wire _wire;

    internal Agents(Wire wire) => _wire = wire;

    /// <summary>Every agent that the token may see, archived ones too unless <paramref name="statuses"/> says otherwise.</summary>
    /// <param name="statuses"><c>creating</c>, <c>active</c>, <c>archived</c>; null or empty for all.</param>
    /// <param name="ct">Gives the call up.</param>
    public async Task<IReadOnlyList<Agent>> ListAsync(IEnumerable<string>? statuses = null, CancellationToken ct = default)
    {
        var wanted = statuses is null ? null : string.Join(',', statuses);
        var all = new List<Agent>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var page = await _wire.GetAsync(
                Wire.Query(Route, ("statuses", wanted), ("limit", PageSize), ("offset", all.Count)), KeypaceJson.Default.AgentList, ct).ConfigureAwait(false);
            all.AddRange(page.Results.Where(agent => seen.Add(agent.Id)));

            // An empty page ends it too: the total shrinks when somebody deletes meanwhile.
            if (page.Results.Count == 0 || page.Offset + page.Results.Count >= page.Total)
                return all;
        }
    }

    /// <summary>The agent with this id.</summary>
    /// <exception cref="KeypaceException">404: there is none, or the token may not see it.</exception>
    public Task<Agent> GetAsync(string id, CancellationToken ct = default) =>
        _wire.GetAsync(One(id), KeypaceJson.Default.Agent, ct);

    /// <summary>The agent with this id or name (without regard to case), an archived one too; null when there is none.</summary>
    public async Task<Agent?> FindAsync(string nameOrId, CancellationToken ct = default) =>
        Names.Find(await ListAsync(null, ct).ConfigureAwait(false), nameOrId, agent => agent.Id, agent => agent.AgentName);

    /// <summary>Makes an agent, with a stored key (<see cref="NewAgent.ApiKeyId"/>) or with a new one (<see cref="NewAgent.ApiKey"/>).</summary>
    /// <exception cref="KeypaceException">409: the name or id is taken. 422: a field cannot be accepted.</exception>
    public Task<Agent> CreateAsync(NewAgent agent, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Post, Route, agent, Wire.Sent.NewAgent, KeypaceJson.Default.Agent, ct);

    /// <summary>Changes what <paramref name="change"/> names and leaves the rest.</summary>
    /// <exception cref="KeypaceException">409: the name is taken. 412: it changed since <see cref="AgentChange.Version"/>. 422: a field cannot be accepted.</exception>
    public Task<Agent> ModifyAsync(string id, AgentChange change, CancellationToken ct = default) =>
        _wire.SendAsync(HttpMethod.Put, One(id), change, Wire.Sent.AgentChange, KeypaceJson.Default.Agent, ct);

    /// <summary>Puts the agent away: queries through it answer 409.</summary>
    public Task<Agent> ArchiveAsync(string id, CancellationToken ct = default) =>
        _wire.SendAsync(new Wire.Call(HttpMethod.Put, One(id) + "/archive"), KeypaceJson.Default.Agent, ct);

    /// <summary>Takes an archived agent back into use.</summary>
    public Task<Agent> RestoreAsync(string id, CancellationToken ct = default) =>
        ModifyAsync(id, new AgentChange(Status: AgentStatuses.Active), ct);

    private static string One(string id) => $"{Route}/{Wire.Segment(id)}";
}
