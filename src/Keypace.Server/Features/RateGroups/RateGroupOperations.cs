using Keypace.Contracts;
using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Management.Access;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Features.RateGroups;

/// <summary>Which keys one account's limit holds together, and what it is doing now.</summary>
internal sealed class RateGroupOperations(KeySnapshots snapshots)
{
    /// <summary>What a caller must be allowed to.</summary>
    public const Need ToRead = Need.Read;

    public Outcome<IReadOnlyList<RateGroup>> List(Caller caller)
    {
        if (caller.Check(ToRead) is { } forbidden)
            return forbidden;
        var snapshot = snapshots.Current;
        var groups = new List<RateGroup>();
        foreach (var (id, keys) in snapshot.KeysByRateGroup)
        {
            var seen = keys.Where(key => key.TeamId == caller.TeamId && caller.Grant.Sees(key.Id)).Select(key => key.Name.Text).Order(StringComparer.Ordinal).ToArray();
            if (seen.Length == 0 || snapshot.LimitOf(id) is not { } limit)
                continue;
            var status = snapshots.GroupOf(keys[0]).Status();
            groups.Add(new RateGroup(id.ToString(), limit.Count, limit.Seconds, seen, status.UsedNow, status.WaitingNow));
        }

        groups.Sort((left, right) => string.CompareOrdinal(left.ApiKeys[0], right.ApiKeys[0]));
        return groups;
    }
}
