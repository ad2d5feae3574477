using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Management.Changes;
using Keypace.Server.Management.StoredKeys;
using Keypace.Server.Snapshots;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Agents;

/// <summary>Gives all agents of one key another one of the same hub, in one transaction: all of them or none.</summary>
internal sealed class AgentMoves(ManagementChanges changes, KeySnapshots snapshots, RowMapping mapping)
{
    public async Task<Outcome<AgentsMoved>> MoveAsync(string fromKey, string toKey, Caller caller, CancellationToken ct)
    {
        if (caller.Check(AgentOperations.ToChange) is { } forbidden)
            return forbidden;
        return await changes.RunAsync<AgentsMoved>(caller, async change =>
        {
            if (!(await KeyRows.FindAsync(change.Db, caller, fromKey, ct)).TryGet(out var from, out var refusal)
                || !(await KeyRows.FindAsync(change.Db, caller, toKey, ct)).TryGet(out var to, out refusal))
            {
                return refusal;
            }

            if (from.Hub != to.Hub)
                return Refusal.Field("to", $"'{to.Name}' is a key of {to.Hub}, '{from.Name}' one of {from.Hub}. Agents move to a key of the same hub.", code: "hub_mismatch");

            var served = mapping.Key(to);
            var agents = await change.Db.Agents.Where(agent => agent.ApiKeyId == from.Id).OrderBy(agent => agent.Name).ToListAsync(ct);
            foreach (var agent in from.Id == to.Id ? [] : agents)
            {
                if (!caller.SeesAgent(agent))
                    continue;
                if (AgentKeys.WhyMisplaced(agent.AgentUrl, served) is { } misplaced)
                    return misplaced with { Detail = $"The agent '{agent.Name}' cannot move: {misplaced.Detail}" };
                var before = agent.ToRecord(snapshots.Current.HasKey(agent));
                agent.ApiKeyId = to.Id;
                agent.Version++;
                agent.UpdatedAt = change.NowMs;
                change.Audit(AuditedSubject.Agent, "changed", agent.Id.ToString(), agent.Name, before, agent.ToRecord(true));
                change.Publish(current => current.Put(RowMapping.Agent(agent, current.Current.Keys.GetValueOrDefault(to.Id))));
            }

            return new AgentsMoved(from.Id.ToString(), to.Id.ToString(), [.. agents.Where(agent => agent.ApiKeyId == to.Id).Select(agent => agent.Name)]);
        }, ct);
    }
}
