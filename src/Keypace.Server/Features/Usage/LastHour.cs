using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace Keypace.Server.Features.Usage;

/// <summary>
/// The last hour of every team, by minute, for pages that show it all the time. Each record is read once for all of them together, however many
/// are open, and none while nobody asks; summing the hour anew for each page would read millions of records every few seconds on a busy server.
/// </summary>
internal sealed class LastHour(Store store, TimeProvider time) : IDisposable
{
    public const int Minutes = 60;

    private const long MinuteMs = 60_000;

    /// <summary>The status of a query whose caller did not wait for its end: nothing failed.</summary>
    private const int CallerLeft = 499;

    /// <summary>Whoever asks sooner gets what was read then.</summary>
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(4);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Dictionary<(Guid TeamId, long Minute), MinuteSums> _sums = [];
    private DateTimeOffset _readAt = DateTimeOffset.MinValue;
    private long _lastId = -1;

    /// <summary>Minutes of the caller's team in which something came in, by minutes since 1970. For people, who see all keys of their team.</summary>
    public async Task<Outcome<IReadOnlyDictionary<long, MinuteSums>>> ReadAsync(Caller caller, CancellationToken ct)
    {
        if (caller.Check(UsageOperations.ToRead) is { } forbidden)
            return forbidden;
        await _turn.WaitAsync(ct);
        try
        {
            var now = time.GetUtcNow();
            if (now - _readAt >= _every || now < _readAt)
            {
                await ReadOnAsync(now, ct);
                _readAt = now;
            }

            return _sums.Where(pair => pair.Key.TeamId == caller.TeamId).ToDictionary(pair => pair.Key.Minute, pair => pair.Value.Copy());
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();

    private async Task ReadOnAsync(DateTimeOffset now, CancellationToken ct)
    {
        var oldest = now.ToUnixTimeMilliseconds() / MinuteMs - (Minutes - 1);
        foreach (var gone in _sums.Keys.Where(key => key.Minute < oldest).ToList())
            _sums.Remove(gone);

        await using var db = store.Read();
        var newest = await db.Usage.MaxAsync(row => (long?)row.Id, ct) ?? 0;
        var (since, last) = (oldest * MinuteMs, _lastId);
        var isFirst = last < 0;
        // One writer adds the records, so that their ids grow; a record may be of a minute long past, if its query waited.
        var rows = isFirst ? db.Usage.Where(row => row.At >= since && row.Id <= newest) : db.Usage.Where(row => row.Id > last && row.Id <= newest && row.At >= since);
        var found = await rows
            .GroupBy(row => new
            {
                row.TeamId,
                Minute = row.At / MinuteMs,
                row.ApiKeyId,
                Bucket = row.WaitedMs < 100 ? row.WaitedMs / 10
                    : row.WaitedMs < 1_000 ? 10 + (row.WaitedMs - 100) / 50
                    : row.WaitedMs < 10_000 ? 28 + (row.WaitedMs - 1_000) / 500
                    : 46 + (row.WaitedMs - 10_000) / 5_000,
            })
            .Select(group => new
            {
                group.Key,
                Queries = group.LongCount(),
                Sent = group.Sum(row => (long)row.Attempts),
                Again = group.Sum(row => row.Attempts > 1 ? row.Attempts - 1L : 0L),
                Failed = group.Sum(row => row.Status >= 400 && row.Status != CallerLeft ? 1L : 0L),
            })
            .ToListAsync(ct);
        foreach (var one in found)
        {
            var at = (one.Key.TeamId, one.Key.Minute);
            if (!_sums.TryGetValue(at, out var sums))
                _sums[at] = sums = new MinuteSums();
            sums.Add(one.Key.ApiKeyId, one.Key.Bucket, one.Queries, one.Sent, one.Again, one.Failed);
        }

        _lastId = newest;
    }
}

/// <summary>What came in during one minute.</summary>
internal sealed class MinuteSums
{
    private readonly SortedDictionary<int, long> _waits = [];
    private readonly Dictionary<Guid, (long Again, long Failed)> _troubles = [];

    public long Queries { get; private set; }

    public long Sent { get; private set; }

    /// <summary>By key: sends beyond the first of a query, and queries that failed. Keys without either are not there.</summary>
    public IReadOnlyDictionary<Guid, (long Again, long Failed)> Troubles => _troubles;

    public void Add(Guid? keyId, int bucket, long queries, long sent, long again, long failed)
    {
        Queries += queries;
        Sent += sent;
        _waits[bucket] = _waits.GetValueOrDefault(bucket) + queries;
        if (keyId is not { } key || again + failed == 0)
            return;
        var before = _troubles.GetValueOrDefault(key);
        _troubles[key] = (before.Again + again, before.Failed + failed);
    }

    public MinuteSums Copy()
    {
        var copy = new MinuteSums { Queries = Queries, Sent = Sent };
        foreach (var (bucket, queries) in _waits)
            copy._waits[bucket] = queries;
        foreach (var (key, trouble) in _troubles)
            copy._troubles[key] = trouble;
        return copy;
    }

    /// <summary>The wait in seconds that this share of the queries did not exceed, to about 5 %; null without a query.</summary>
    public static double? Wait(IEnumerable<MinuteSums> minutes, double share)
    {
        var waits = new SortedDictionary<int, long>();
        foreach (var (bucket, queries) in minutes.SelectMany(minute => minute._waits))
            waits[bucket] = waits.GetValueOrDefault(bucket) + queries;
        var left = (long)Math.Ceiling(waits.Values.Sum() * share);
        foreach (var (bucket, queries) in waits)
        {
            left -= queries;
            if (left <= 0)
                return MiddleMs(bucket) / 1000.0;
        }

        return null;
    }

    private static double MiddleMs(int bucket) => bucket switch
    {
        0 => 0,
        < 10 => bucket * 10 + 5,
        < 28 => 100 + (bucket - 10) * 50 + 25,
        < 46 => 1_000 + (bucket - 28) * 500 + 250,
        _ => 10_000 + (bucket - 46) * 5_000 + 2_500,
    };
}
