using System.Collections.Concurrent;
using Keypace.Domain.Pacing;
using Keypace.Server.Gateway.Answers;
using Keypace.Server.Snapshots;

namespace Keypace.Server.Gateway.Learning;

/// <summary>
/// Which keys belong to one account, as far as hubs name it in their answers or count them together. Two keys of one account share one limit
/// at the hub, and Keypace suggests that they share one rate group. In memory only: the next answers say it again.
/// </summary>
internal sealed class KeyAccounts
{
    private const int LongestName = 128;

    private readonly ConcurrentDictionary<Guid, string> _accounts = new();
    private readonly SharedCounts _counts = new();

    /// <summary>Called only for answers that have headers of limits anyway.</summary>
    /// <param name="report">What they say of requests.</param>
    public void Note(KeySnapshot snapshot, ServedKey key, HubAnswer answer, in HubReport report)
    {
        foreach (var name in key.Hub.AccountHeaders)
        {
            if (answer.HeaderOf(name) is { Length: > 0 and <= LongestName } account)
            {
                // A secret that the key has no more says nothing of the one it has.
                if ((!_accounts.TryGetValue(key.Id, out var known) || known != account) && snapshot.Keys.GetValueOrDefault(key.Id)?.Source == key.Source)
                    _accounts[key.Id] = account;
                return;
            }
        }

        var hub = new HubInTeam(key.TeamId, key.Hub.Name);
        if (snapshot.KeysByHub.GetValueOrDefault(hub, []).Length > 1)
            _counts.Note(hub, key.Id, report);
    }

    /// <summary>The key has another secret, which may be another account's, or is gone.</summary>
    public void Forget(Guid apiKeyId)
    {
        _accounts.TryRemove(apiKeyId, out _);
        _counts.Forget(apiKeyId);
    }

    /// <summary>
    /// Keys of the same hub and team that belong to the same account and yet have another rate group. Keys whose hub names different accounts
    /// never do, whatever their counts say.
    /// </summary>
    public IReadOnlyList<ServedKey> Apart(KeySnapshot snapshot, ServedKey key)
    {
        var account = _accounts.GetValueOrDefault(key.Id);
        return [.. snapshot.KeysByHub.GetValueOrDefault(new HubInTeam(key.TeamId, key.Hub.Name), [])
            .Where(other => other.RateGroupId != key.RateGroupId && AreOne(_accounts.GetValueOrDefault(other.Id), other))];

        bool AreOne(string? others, ServedKey other) =>
            account is not null && others is not null ? account == others : _counts.AreOne(key.Id, other.Id);
    }
}
