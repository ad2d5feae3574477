using System.Collections.Immutable;
using Keypace.Domain;
using Keypace.Domain.Keys;
using Keypace.Domain.Pacing;
using Keypace.Server.Pacing;

namespace Keypace.Server.Snapshots;

/// <summary>Holds the present snapshot and swaps it. A change is put here after its commit and before its answer, so whoever got the answer sees it work.</summary>
internal sealed class KeySnapshots(RateGroups rateGroups)
{
    /// <summary>From so many keys on, a start is faster on several threads; below, waking them would take longer than the work.</summary>
    public const int Many = 2_000;

    private readonly Lock _changing = new();
    private volatile KeySnapshot _current = KeySnapshot.Empty;

    public KeySnapshot Current => _current;

    /// <summary>
    /// What records tell of some keys' sends, for a limit of requests that is set anew on keys with this rate limit: the pacer itself remembers no further back
    /// than its limits did. Null: nobody keeps records.
    /// </summary>
    public Func<IReadOnlyList<Guid>, RateLimit, IReadOnlyList<PastUse>>? RecordsOf { get; set; }

    /// <summary>The pacer of a key's rate group. The hot path: one look-up while the group is in memory.</summary>
    public PacedGroup GroupOf(ServedKey key) =>
        rateGroups.TryGet(key.RateGroupId, out var group) ? group : rateGroups.Get(key.RateGroupId, _current.RulesOf(key));

    public void Put(ServedKey key) => Change(snapshot => With(Without(snapshot, key.Id), key), key.RateGroupId, key.Id);

    /// <summary>
    /// Keys are about to change their rate groups. Before the commit: a process that ends between it and the publication must not leave behind a store that
    /// has the move and a journal that knows nothing of what was sent in the other group.
    /// </summary>
    /// <returns>Why nothing may be committed: the disk fails. Null: it may.</returns>
    public async ValueTask<Refusal?> ForeseeAsync(IReadOnlyCollection<GroupsOfKey> moves)
    {
        try
        {
            foreach (var (from, to) in moves)
            {
                if (_current.RulesByRateGroup.TryGetValue(from, out var rules))
                    await rateGroups.ForeseeMoveAsync(from, rules, to);
            }

            return null;
        }
        catch (IOException)
        {
            MovesOver(moves);
            return new Refusal(
                RefusalReason.Unavailable, "journal_not_written",
                "The pacing journal cannot be written, so no key can change its rate group or its secret now; nothing was changed. The server's log says why, most often a full disk. Try again once that is mended.",
                TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>They were published, or certainly not committed.</summary>
    public void MovesOver(IReadOnlyCollection<GroupsOfKey> moves)
    {
        foreach (var (from, to) in moves)
            rateGroups.MoveOver(from, to);
    }

    public void RemoveKey(Guid id) => Change(snapshot => Without(snapshot, id), null, id);

    public void Put(ServedAgent agent) => Change(snapshot => With(WithoutAgent(snapshot, agent.Id), agent), null, null);

    public void RemoveAgent(Guid id) => Change(snapshot => WithoutAgent(snapshot, id), null, null);

    public void Put(ServedToken token)
    {
        Change(snapshot => snapshot.With(token), null, null);
        TokenChanged?.Invoke(token);
    }

    /// <summary>A token was made, changed or revoked; the snapshot has it already.</summary>
    public event Action<ServedToken>? TokenChanged;

    /// <summary>A team's own default limits, all of them.</summary>
    public void PutDefaults(Guid teamId, ImmutableDictionary<string, RateLimit> defaults) =>
        Change(snapshot => snapshot with { HubDefaults = snapshot.HubDefaults.SetItem(teamId, defaults) }, null, null);

    /// <summary>A team's own guard in milliseconds, null for the server's measure: at once, also for those waiting.</summary>
    public void PutGuard(Guid teamId, int? guardMs)
    {
        lock (_changing)
        {
            var changed = _current with { Guards = guardMs is { } guard ? _current.Guards.SetItem(teamId, guard) : _current.Guards.Remove(teamId) };
            var rules = changed.RulesByRateGroup.ToBuilder();
            foreach (var (id, keys) in changed.KeysByRateGroup)
            {
                if (keys[0].TeamId == teamId)
                    rules[id] = changed.RulesFor(keys);
            }

            _current = changed with { RulesByRateGroup = rules.ToImmutable() };
            // A group that is not in memory takes its rules when it comes.
            foreach (var (id, keys) in changed.KeysByRateGroup)
            {
                if (keys[0].TeamId == teamId && rateGroups.TryGet(id, out var group))
                    group.Configure(rules[id]);
            }
        }
    }

    /// <summary>The whole store at start.</summary>
    public void Load(IEnumerable<ServedKey> keys, IEnumerable<ServedAgent> agents, IEnumerable<ServedToken> tokens)
    {
        var loaded = KeySnapshot.Empty;
        var allKeys = keys.ToArray();
        var allAgents = agents.ToArray();
        var (byId, byName, byHub, groups, rules) = (loaded.Keys, loaded.KeysByName, loaded.KeysByHub, loaded.KeysByRateGroup, loaded.RulesByRateGroup);
        Action[] parts =
        [
            () =>
            {
                groups = allKeys.GroupBy(key => key.RateGroupId).ToImmutableDictionary(group => group.Key, group => group.ToImmutableArray());
                rules = groups.ToImmutableDictionary(group => group.Key, group => loaded.RulesFor(group.Value));
            },
            () => byId = allKeys.ToImmutableDictionary(key => key.Id),
            () => byName = allKeys.ToImmutableDictionary(NameOf),
            () => byHub = allKeys.GroupBy(key => new HubInTeam(key.TeamId, key.Hub.Name)).ToImmutableDictionary(group => group.Key, group => group.ToImmutableArray()),
        ];
        if (allKeys.Length < Many)
            Array.ForEach(parts, part => part());
        else
            Parallel.Invoke(parts);
        _current = loaded with
        {
            Keys = byId,
            KeysByName = byName,
            KeysByHub = byHub,
            KeysByRateGroup = groups,
            RulesByRateGroup = rules,
            Agents = allAgents.ToImmutableDictionary(agent => agent.Id),
            AgentsByName = allAgents.ToImmutableDictionary(NameOf),
        };
        _current = _current.With([.. tokens]);
    }

    private void Change(Func<KeySnapshot, KeySnapshot> change, Guid? rateGroupId, Guid? keyId)
    {
        lock (_changing)
        {
            var before = _current;
            var after = change(before);
            // First what counted is there, then somebody hears of it: whoever comes meanwhile goes to the old group, which sends him on.
            if (keyId is { } id && rateGroupId is { } to && before.Keys.TryGetValue(id, out var old) && old.RateGroupId != to)
                Move(old, after.Keys[id], before, after);
            _current = after;
            // A key that joins or leaves a group may change what rules that group: at once, also for those waiting.
            if (keyId is { } changed && before.Keys.TryGetValue(changed, out var earlier) && earlier.RateGroupId != rateGroupId)
                ApplyRules(earlier.RateGroupId, before);
            if (rateGroupId is { } group)
                ApplyRules(group, before);
        }
    }

    /// <summary>Keys with the same secret are one key to the hub: those that go to the same place go together.</summary>
    private void Move(ServedKey old, ServedKey moved, KeySnapshot before, KeySnapshot after)
    {
        IEnumerable<ServedKey> together = moved.Source == old.Source
            ? before.KeysByRateGroup[old.RateGroupId].Where(key => key.Source == old.Source)
            : [old];
        rateGroups.Move(old.RateGroupId, before.RulesOf(old), moved.RateGroupId, new MovingKeys(
            together.Select(key => key.Id).ToHashSet(), old.Source, moved.Source,
            after.RulesByRateGroup.GetValueOrDefault(old.RateGroupId), after.RulesByRateGroup[moved.RateGroupId])
        {
            SourceStays = moved.Source != old.Source && Listed(after.KeysByRateGroup, old.RateGroupId).Any(key => key.Source == old.Source),
            AreAlone = after.KeysByRateGroup[moved.RateGroupId].All(key => key.Source == moved.Source),
        });
    }

    private void ApplyRules(Guid rateGroupId, KeySnapshot before)
    {
        if (!_current.RulesByRateGroup.TryGetValue(rateGroupId, out var rules))
            return;
        rateGroups.Configure(rateGroupId, rules);
        if (RecordsOf is not { } recordsOf || !before.RulesByRateGroup.TryGetValue(rateGroupId, out var earlier))
            return;
        var added = rules.Quotas.Where(quota => quota.Dimension is QuotaDimension.Requests && !earlier.Quotas.Any(old => old with { Limit = quota.Limit } == quota)).ToList();
        if (added.Count > 0)
            rateGroups.Get(rateGroupId, rules).AssumeOlder(added, recordsOf([.. _current.KeysByRateGroup[rateGroupId].Select(key => key.Id)], rules.Limit));
    }

    private static KeySnapshot With(KeySnapshot snapshot, ServedKey key)
    {
        var inGroup = Listed(snapshot.KeysByRateGroup, key.RateGroupId).Add(key);
        var hub = new HubInTeam(key.TeamId, key.Hub.Name);
        return snapshot with
        {
            Keys = snapshot.Keys.SetItem(key.Id, key),
            KeysByName = snapshot.KeysByName.SetItem(NameOf(key), key),
            KeysByHub = snapshot.KeysByHub.SetItem(hub, Listed(snapshot.KeysByHub, hub).Add(key)),
            KeysByRateGroup = snapshot.KeysByRateGroup.SetItem(key.RateGroupId, inGroup),
            RulesByRateGroup = snapshot.RulesByRateGroup.SetItem(key.RateGroupId, snapshot.RulesFor(inGroup)),
        };
    }

    private static KeySnapshot Without(KeySnapshot snapshot, Guid id)
    {
        if (!snapshot.Keys.TryGetValue(id, out var key))
            return snapshot;
        var hub = new HubInTeam(key.TeamId, key.Hub.Name);
        var inGroup = Listed(snapshot.KeysByRateGroup, key.RateGroupId).Remove(key);
        return snapshot with
        {
            Keys = snapshot.Keys.Remove(id),
            // The name may have gone to another key while this one was on its way out.
            KeysByName = snapshot.KeysByName.TryGetValue(NameOf(key), out var named) && named.Id == id
                ? snapshot.KeysByName.Remove(NameOf(key)) : snapshot.KeysByName,
            KeysByHub = snapshot.KeysByHub.SetItem(hub, Listed(snapshot.KeysByHub, hub).Remove(key)),
            KeysByRateGroup = inGroup.IsEmpty ? snapshot.KeysByRateGroup.Remove(key.RateGroupId) : snapshot.KeysByRateGroup.SetItem(key.RateGroupId, inGroup),
            RulesByRateGroup = inGroup.IsEmpty
                ? snapshot.RulesByRateGroup.Remove(key.RateGroupId)
                : snapshot.RulesByRateGroup.SetItem(key.RateGroupId, snapshot.RulesFor(inGroup)),
        };
    }

    private static KeySnapshot With(KeySnapshot snapshot, ServedAgent agent) => snapshot with
    {
        Agents = snapshot.Agents.SetItem(agent.Id, agent),
        AgentsByName = snapshot.AgentsByName.SetItem(NameOf(agent), agent),
    };

    private static KeySnapshot WithoutAgent(KeySnapshot snapshot, Guid id) =>
        snapshot.Agents.TryGetValue(id, out var agent)
            ? snapshot with { Agents = snapshot.Agents.Remove(id), AgentsByName = snapshot.AgentsByName.Remove(NameOf(agent)) }
            : snapshot;

    private static ImmutableArray<ServedKey> Listed<T>(ImmutableDictionary<T, ImmutableArray<ServedKey>> lists, T at)
        where T : notnull => lists.TryGetValue(at, out var list) ? list : [];

    private static NameInTeam NameOf(ServedKey key) => new(key.TeamId, key.Name.Key);

    private static NameInTeam NameOf(ServedAgent agent) => new(agent.TeamId, agent.Name.Key);
}

/// <summary>The rate group that a key leaves, and the one that it comes into.</summary>
internal readonly record struct GroupsOfKey(Guid From, Guid To);
