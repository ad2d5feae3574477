using System.Collections.Concurrent;
using Keypace.Server.Gateway.Answers;

namespace Keypace.Server.Gateway;

/// <summary>
/// Which account each key belongs to, as far as hubs name it in their answers. Two keys of one account share one limit at the hub, and
/// Keypace suggests that they share one rate group. In memory only: the next answers say it again.
/// </summary>
internal sealed class KeyAccounts
{
    /// <summary>The names under which hubs give the organisation that a key belongs to.</summary>
    private static readonly string[] Headers = ["openai-organization", "anthropic-organization-id"];

    private const int LongestName = 128;

    private readonly ConcurrentDictionary<Guid, string> _accounts = new();

    /// <summary>Called only for answers that have headers of limits anyway.</summary>
    public void Note(Guid apiKeyId, HubAnswer answer)
    {
        foreach (var name in Headers)
        {
            if (answer.HeaderOf(name) is { Length: > 0 and <= LongestName } account)
            {
                if (!_accounts.TryGetValue(apiKeyId, out var known) || known != account)
                    _accounts[apiKeyId] = account;
                return;
            }
        }
    }

    /// <summary>Keys of the same hub and team that belong to the same account and yet have another rate group.</summary>
    public IReadOnlyList<ServedKey> Apart(KeySnapshot snapshot, ServedKey key)
    {
        if (!_accounts.TryGetValue(key.Id, out var account))
            return [];
        return [.. snapshot.KeysByHub.GetValueOrDefault(new HubInTeam(key.TeamId, key.Hub.Name), [])
            .Where(other => other.RateGroupId != key.RateGroupId && _accounts.TryGetValue(other.Id, out var others) && others == account)];
    }
}
