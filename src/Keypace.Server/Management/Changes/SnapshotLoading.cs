using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Microsoft.Data.Sqlite;

namespace Keypace.Server.Management.Changes;

/// <summary>Reads the store into the snapshot, once, before the first request is taken.</summary>
internal sealed class SnapshotLoading(Store store, KeySnapshots snapshots, RowMapping mapping, Pacing.RateGroups rateGroups, ILessonStore lessons, TimeProvider time)
{
    /// <summary>No limit's interval or day is longer, clocks going back and forward included.</summary>
    private static readonly TimeSpan OldestCounting = TimeSpan.FromHours(26);

    /// <summary>No guard is longer.</summary>
    private static readonly TimeSpan LongestGuard = TimeSpan.FromMinutes(1);

    /// <summary>True when an earlier run left deleted keys behind, which are to be destroyed. Known after <see cref="Load"/>.</summary>
    public bool FoundDeletedKeys { get; private set; }

    public void Load()
    {
        var rows = ServedRows.Read(store);
        List<ServedKey> keys = rows.Keys.Count < KeySnapshots.Many
            ? [.. rows.Keys.Select(mapping.Key)]
            : [.. rows.Keys.AsParallel().AsOrdered().Select(mapping.Key)];
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
        RecallQuotas();
        RecallLessons();
        snapshots.RecordsOf = RecordsOf;
    }

    private IReadOnlyList<PastUse> RecordsOf(IReadOnlyList<Guid> keys, RateLimit limit)
    {
        var now = time.GetUtcNow();
        try
        {
            // Times are exact beyond where the pacer's own memory ends.
            return UsageOfKeys.Read(store, keys, now - OldestCounting, now - TimeSpan.FromSeconds(limit.Seconds) - LongestGuard - LongestGuard);
        }
        catch (SqliteException)
        {
            return [];   // the change is made already; the limit counts from now
        }
    }

    /// <summary>What hubs taught goes where their secrets are now; of a secret that is gone nothing is kept.</summary>
    private void RecallLessons()
    {
        if (lessons.Load() is not { Count: > 0 } kept)
            return;
        var snapshot = snapshots.Current;
        var keys = snapshot.Keys.Values.GroupBy(key => key.Source).ToDictionary(same => same.Key, same => same.First());
        foreach (var one in kept)
        {
            if (keys.TryGetValue(one.Source, out var key))
            {
                rateGroups.Get(key.RateGroupId, snapshot.RulesByRateGroup[key.RateGroupId]).Recall(one with
                {
                    GroupId = key.RateGroupId,
                    BindsSourceOnly = one.BindsSourceOnly || (one.GroupId != key.RateGroupId && snapshot.KeysByRateGroup[key.RateGroupId].Any(other => other.Source != key.Source)),
                });
            }
            else
            {
                lessons.Keep(new KeptLessons(one.Source, one.GroupId));
            }
        }
    }

    /// <summary>
    /// Limits over hours and days outlive the process by the records of usage; the pacer's journal covers only the rate limit's own window. Here and not when a
    /// group is first asked for, because that would have a query wait for the store.
    /// </summary>
    private void RecallQuotas()
    {
        var now = time.GetUtcNow();
        foreach (var (id, keys) in snapshots.Current.KeysByRateGroup)
        {
            var rules = snapshots.Current.RulesByRateGroup[id];
            if (rules.Quotas.Any(quota => quota.Dimension is not QuotaDimension.Concurrent) && rateGroups.Get(id, rules) is { KnowsPast: false } group)
            {
                var counts = TimeSpan.FromSeconds(rules.Limit.Seconds) + LongestGuard;
                group.AssumeUsed(UsageOfKeys.Read(store, [.. keys.Select(key => key.Id)], now - OldestCounting, now - counts));
            }
        }
    }
}
