using System.Collections.Concurrent;
using Keypace.Domain;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Usage;

/// <summary>
/// Whether anybody of a team has had a query answered yet: the last of the first steps. Lists of models and tests of keys, which Keypace sends itself, are no
/// such queries. Once it is so it stays so, and the store is not asked again.
/// </summary>
internal sealed class FirstQuery(Store store)
{
    private readonly ConcurrentDictionary<Guid, bool> _isThrough = new();

    public async Task<Outcome<bool>> IsThroughAsync(Caller caller, CancellationToken ct)
    {
        if (caller.Check(UsageOperations.ToRead) is { } forbidden)
            return forbidden;
        if (_isThrough.ContainsKey(caller.TeamId))
            return true;
        await using var db = store.Read();
        var isThrough = await db.Usage.AnyAsync(row => row.TeamId == caller.TeamId && row.Status < 400 && row.Caller != QueueWish.OurOwn, ct);
        if (isThrough)
            _isThrough[caller.TeamId] = true;
        return isThrough;
    }
}
