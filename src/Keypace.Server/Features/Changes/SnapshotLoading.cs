using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Snapshots;
using Keypace.Server.Storage;

namespace Keypace.Server.Features.Changes;

/// <summary>Reads the store into the snapshot, once, before the first request is taken.</summary>
internal sealed class SnapshotLoading(Store store, KeySnapshots snapshots, RowMapping mapping)
{
    /// <summary>True when an earlier run left deleted keys behind, which are to be destroyed. Known after <see cref="Load"/>.</summary>
    public bool FoundDeletedKeys { get; private set; }

    public void Load()
    {
        var rows = ServedRows.Read(store);
        var keys = rows.Keys.Select(mapping.Key).ToList();
        var byId = keys.ToDictionary(key => key.Id);
        var agents = rows.Agents.Select(row => RowMapping.Agent(row, row.ApiKeyId is { } id ? byId.GetValueOrDefault(id) : null));
        snapshots.Load(keys, agents, rows.Tokens.Select(RowMapping.Token).OfType<ServedToken>());
        foreach (var team in rows.Teams)
        {
            snapshots.PutDefaults(team.Id, RowMapping.DefaultsOf(team.HubDefaults));
            if (team.GuardMs is not null)
                snapshots.PutGuard(team.Id, team.GuardMs);
        }

        FoundDeletedKeys = rows.HasDeletedKeys;
    }
}
